import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

import { searchAttributes } from '../../src/contracts/temporal-names.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const text = read('docker-compose.yml')
const compose: unknown = parse(text, { merge: true })

const service = z.object({
  image: z.string(),
  restart: z.string(),
  command: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
})
const { services } = z.object({ services: z.record(z.string(), service) }).parse(compose)
const entries = Object.entries(services)
const isJob = ({ restart }: z.output<typeof service>) => restart.startsWith('on-failure')

test('docker-compose.yml is valid by the Compose Specification', () => {
  const validator = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
  const validate = validator.compile(JSON.parse(read('test/fixtures/compose-spec/compose-spec.json')))
  validate(compose)
  expect(validate.errors).toBeNull()
})

test('has every part', () => {
  const parts = [
    'postgres',
    'temporal-schema',
    'temporal',
    'temporal-namespace',
    'temporal-ui',
    'api',
    'worker',
  ]
  expect(Object.keys(services)).toEqual(parts)
})

test('behavior: no password has a default', () => {
  const passwords = [...text.matchAll(/\$\{(\w*PASSWORD\w*)([^}]*)\}/g)]
  expect(passwords.length).toBeGreaterThan(3)
  for (const [, name, rest] of passwords) expect(rest, name).toMatch(/^:\?/)
  expect(text).not.toMatch(/^\s*\w*(PASSWORD|PWD): *['"]?[^\s$'"]/m)
})

test('behavior: images of others are pinned to a version', () => {
  const images = entries.map(([, { image }]) => image).filter((image) => !image.startsWith('perdura:'))
  expect(images.filter((image) => !/:\d+(\.\d+)*$/.test(image))).toEqual([])
})

test('behavior: what keeps running has a health check, and who needs it waits for it', () => {
  for (const [name, part] of entries) {
    expect(part.healthcheck !== undefined || isJob(part), name).toBe(true)
    for (const [needed, { condition }] of Object.entries(part.depends_on)) {
      const other = services[needed]
      const expected = other && isJob(other) ? 'service_completed_successfully' : 'service_healthy'
      expect(condition, `${name} needs ${needed}`).toBe(expected)
    }
  }
})

test('behavior: ports are published to this machine only, databases not at all', () => {
  for (const [name, { ports }] of entries) {
    for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/)
  }
  expect(services.postgres?.networks).toEqual(['inside'])
  expect(services.temporal?.networks).toEqual(['inside'])
})

test('behavior: every mounted file exists, and scripts may be executed', () => {
  const mounted = entries.flatMap(([, { volumes }]) => volumes.map((volume) => volume.split(':')[0] ?? ''))
  for (const path of mounted.filter((source) => source.startsWith('./'))) {
    expect(existsSync(join(root, path)), path).toBe(true)
  }
  const scripts = ['postgres/create-databases.sh', 'temporal/setup-schema.sh', 'temporal/setup-namespace.sh']
  for (const script of scripts)
    expect(statSync(join(root, 'deploy', script)).mode & 0o111, script).not.toBe(0)
})

describe('the Temporal server', () => {
  test('has the settings that make a turn fast', () => {
    expect(parse(read('deploy/temporal/dynamic-config.yaml'))).toMatchObject({
      'system.enableActivityEagerExecution': [{ value: true }],
      'history.transferProcessorMaxPollRPS': [{ value: 2000 }],
      'history.transferProcessorMaxPollHostRPS': [{ value: 2000 }],
      'history.timerProcessorMaxTimeShift': [{ value: '20ms' }],
      'history.workflowTaskRetryMaxInterval': [{ value: '1m' }],
      'matching.enableFairness': [{ value: true }],
    })
  })

  test('knows the search attributes of the contract', () => {
    const script = read('deploy/temporal/setup-namespace.sh')
    const pairs = [...script.matchAll(/--name (\w+) --type (\w+)/g)]
    const named = Object.fromEntries(pairs.map(([, name = '', type = '']) => [name, type.toUpperCase()]))
    expect(named).toEqual(searchAttributes)
  })
})
