/** Parsers of a variable's text. Each message completes the sentence "Write …". */

import { statSync } from 'node:fs'
import { resolve } from 'node:path'

import { z } from 'zod'

/** A whole number between two bounds, both allowed. */
export function integer(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,15}$/, error)
    .transform(Number)
    .refine((value) => value >= min && value <= max, error)
}

/** `true` or `false`. */
export function flag() {
  return z.enum(['true', 'false'], 'true or false').transform((text) => text === 'true')
}

/** One of a few words. */
export function oneOf<const Word extends string>(words: readonly [Word, ...Word[]]) {
  return z.enum(words, `one of ${words.join(', ')}`)
}

/** Text of any form; the part that uses it parses it. */
export function text() {
  return z.string()
}

/** A host name or an IP address, without scheme and port. */
export function hostName() {
  return z.string().regex(/^[^\s/,]+$/, 'a host name or an IP address')
}

/** Words separated by commas, each of one form. `each` says the form. */
export function list(pattern: RegExp, each: string) {
  return z
    .string()
    .transform((value) => splitList(value))
    .refine((words) => words.every((word) => pattern.test(word)), `${each}, separated by commas`)
}

/** An absolute URL with one of the schemes, such as `postgres:`. */
export function url(schemes: readonly string[]) {
  const forms = schemes.map((scheme) => `${scheme}//…`).join(' or ')
  return z.string().refine((value) => schemes.includes(findScheme(value) ?? ''), `a URL of the form ${forms}`)
}

/** The path of something that exists, made absolute. */
export function existing(kind: 'file' | 'folder') {
  return z
    .string()
    .transform((path) => resolve(path))
    .refine((path) => isKind(path, kind), `the path of a ${kind} that exists`)
}

/** The words of a comma-separated list, trimmed, without empty ones. */
export function splitList(value: string): string[] {
  return value
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
}

function findScheme(value: string): string | undefined {
  return URL.canParse(value) ? new URL(value).protocol : undefined
}

function isKind(path: string, kind: 'file' | 'folder'): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  return kind === 'file' ? stats?.isFile() === true : stats?.isDirectory() === true
}
