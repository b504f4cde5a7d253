import type { AbiParameter } from 'viem'

import { AppError } from '../contracts/errors.ts'
import { parseAddress } from './parse.ts'

/**
 * Turns JSON arguments, as a model writes them, into ABI values. Nothing is rounded, padded or guessed.
 * Integers are decimal strings (or safe JSON integers), bytes are 0x hex, tuples are objects or lists.
 * @throws AppError `tool_input_invalid` or `invalid_address`, saying which argument is wrong
 */
export function toAbiArgs(inputs: readonly AbiParameter[], args: readonly unknown[]): unknown[] {
  if (inputs.length !== args.length) {
    const expected = inputs.map((input) => input.type).join(', ')
    throw invalid('args', `${inputs.length} values (${expected})`, `${args.length}`)
  }
  return inputs.map((input, index) => toAbiValue(input, args[index], input.name || `args[${index}]`))
}

function toAbiValue(parameter: AbiParameter, value: unknown, path: string): unknown {
  const list = /^(.*)\[(\d*)\]$/.exec(parameter.type)
  if (list) return toAbiList(parameter, list[1] ?? '', list[2] ?? '', value, path)
  if (parameter.type === 'tuple') return toAbiTuple(parameter, value, path)
  const integer = /^(u?)int(\d*)$/.exec(parameter.type)
  if (integer)
    return toAbiInteger(parameter.type, integer[1] === 'u', Number(integer[2] || '256'), value, path)
  const bytes = /^bytes(\d*)$/.exec(parameter.type)
  if (bytes) return toAbiBytes(bytes[1] ?? '', value, path)
  if (parameter.type === 'address' && typeof value === 'string') return parseAddress(value)
  if (parameter.type === 'bool' && typeof value === 'boolean') return value
  if (parameter.type === 'string' && typeof value === 'string') return value
  throw invalid(path, `a JSON value for ${parameter.type}`, typeof value)
}

function toAbiList(
  parameter: AbiParameter,
  type: string,
  length: string,
  value: unknown,
  path: string,
): unknown[] {
  const isRight = Array.isArray(value) && (length === '' || value.length === Number(length))
  if (!isRight) throw invalid(path, `a list of ${length || 'any number of'} ${type}`, typeof value)
  return value.map((entry, index) => toAbiValue({ ...parameter, type }, entry, `${path}[${index}]`))
}

function toAbiTuple(parameter: AbiParameter, value: unknown, path: string): unknown {
  const components = 'components' in parameter ? parameter.components : []
  if (Array.isArray(value)) {
    if (value.length !== components.length)
      throw invalid(path, `${components.length} values`, `${value.length}`)
    const entries = components.map((part, index) => toAbiValue(part, value[index], `${path}[${index}]`))
    return components.every((part) => part.name) ? Object.fromEntries(zip(components, entries)) : entries
  }
  if (typeof value !== 'object' || value === null) throw invalid(path, 'an object or a list', typeof value)
  const given = new Map<string, unknown>(Object.entries(value))
  const names = components.map((part) => part.name ?? '')
  const isComplete = given.size === names.length && names.every((name) => given.has(name))
  if (!isComplete)
    throw invalid(path, `an object with exactly ${names.join(', ')}`, [...given.keys()].join(', '))
  return Object.fromEntries(
    components.map((part) => [
      part.name,
      toAbiValue(part, given.get(part.name ?? ''), `${path}.${part.name}`),
    ]),
  )
}

function zip(components: readonly AbiParameter[], values: readonly unknown[]): [string, unknown][] {
  return components.map((part, index) => [part.name ?? '', values[index]])
}

function toAbiInteger(type: string, unsigned: boolean, bits: number, value: unknown, path: string): bigint {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value
  if (typeof text !== 'string' || !/^-?(0|[1-9]\d{0,77})$/.test(text)) {
    throw invalid(path, `${type} as a decimal string in base units, as "1000000"`, typeof value)
  }
  const integer = BigInt(text)
  const max = 2n ** BigInt(unsigned ? bits : bits - 1) - 1n
  const min = unsigned ? 0n : -max - 1n
  if (integer < min || integer > max)
    throw invalid(path, `${type}, from ${min} to ${max}`, 'a value out of range')
  return integer
}

function toAbiBytes(size: string, value: unknown, path: string): string {
  const digits = size === '' ? '*' : `{${size}}`
  if (typeof value === 'string' && new RegExp(`^0x([0-9a-fA-F]{2})${digits}$`).test(value)) return value
  throw invalid(path, size === '' ? '0x and hex digits' : `0x and exactly ${size} bytes in hex`, typeof value)
}

function invalid(path: string, expected: string, given: string): AppError {
  const shown = given.length > 80 ? `${given.slice(0, 80)}…` : given
  return new AppError('tool_input_invalid', `${path}: expected ${expected}, got ${shown}.`)
}
