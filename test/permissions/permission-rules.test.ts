import { readFile } from 'node:fs/promises'

import { describe, expect, test } from 'vitest'

import { parseAddress } from '../../src/chain/parse.ts'
import { AppError } from '../../src/contracts/errors.ts'
import { parsePermissionRules } from '../../src/permissions/permission-rules.ts'
import { alice } from './subjects.ts'

const checks = { toolNames: ['swap', 'send'], parseAddress }
const rule = { name: 'one', match: {}, decision: 'deny' }
const parse = (rules: unknown) => parsePermissionRules(JSON.stringify(rules), 'rules.json', checks)

function faultOf(text: string): string {
  try {
    parsePermissionRules(text, 'rules.json', checks)
  } catch (error) {
    if (error instanceof AppError && error.code === 'permission_rules_invalid') return error.message
    throw error
  }
  throw new Error('The rules were taken.')
}

test('keeps the order of the file', () => {
  const rules = [
    rule,
    { ...rule, name: 'two', decision: 'ask' },
    { ...rule, name: 'a third', decision: 'allow' },
  ]
  expect(parse(rules)).toEqual(rules)
  expect(parse([])).toEqual([])
})

test('behavior: contracts come back checksummed, domains as browsers write them', () => {
  const match = { contracts: [alice.toLowerCase()], domains: ['API.Example.com.', 'bücher.example'] }
  expect(parse([{ ...rule, match }])[0]?.match).toEqual({
    contracts: [alice],
    domains: ['api.example.com', 'xn--bcher-kva.example'],
  })
})

describe('error: the message names the file, the rule, the field and what to write', () => {
  test.each<[string, unknown, RegExp]>([
    ['no list', { rules: [] }, /rules\.json are no list\. Write \[/],
    ['a rule that is none', ['deny'], /rule 1: .*expected object/],
    ['no name', [{ match: {}, decision: 'deny' }], /rule 1, name: /],
    ['a name with line breaks', [{ ...rule, name: 'a\nb' }], /rule 1 "a\\nb", name: Write letters/],
    ['no match', [{ name: 'one', decision: 'deny' }], /rule 1 "one", match: /],
    [
      'another decision',
      [{ ...rule, decision: 'maybe' }],
      /rule 1 "one", decision: .*"allow"\|"deny"\|"ask"/,
    ],
    [
      'an unknown field',
      [{ ...rule, decison: 'deny' }],
      /rule 1 "one": There is no field decison here\. Known: name, match, decision, reason\./,
    ],
    [
      'an unknown field of match',
      [rule, { ...rule, name: 'two', match: { tool: 'swap' } }],
      /rule 2 "two", match: There is no field tool here\. Known: tools, effects, chainIds, contracts, domains\./,
    ],
    [
      'an unknown tool',
      [{ ...rule, match: { tools: ['swap', 'swop'] } }],
      /rule 1 "one", match\.tools\.1: There is no tool "swop"\. There are: swap, send\./,
    ],
    ['an unknown effect', [{ ...rule, match: { effects: ['write'] } }], /match\.effects\.0: .*"prepare"/],
    ['an empty list', [{ ...rule, match: { chainIds: [] } }], /match\.chainIds: .*leave the field out/],
    [
      'a wrong checksum',
      [{ ...rule, match: { contracts: [`${alice.slice(0, -1)}9`] } }],
      /match\.contracts\.0: .*wrong checksum/,
    ],
    [
      'a URL for a domain',
      [{ ...rule, match: { domains: ['https://a.example/'] } }],
      /match\.domains\.0: .*host/,
    ],
    ['one name twice', [rule, rule], /rule 2 "one", name: Rule 1 has this name already/],
  ])('%s', (_what, rules, message) => {
    const fault = faultOf(JSON.stringify(rules))
    expect(fault).toMatch(message)
    expect(fault).toContain('rules.json')
  })

  test('no JSON', () => {
    expect(faultOf('[{')).toMatch(/rules\.json are not JSON: /)
  })

  test('all faults at once', () => {
    const fault = faultOf(
      JSON.stringify([
        { ...rule, decision: 1 },
        { ...rule, match: 1 },
      ]),
    )
    expect(fault).toContain('have 3 faults')
    expect(fault.split('\n')).toHaveLength(4)
  })
})

test('takes the rules of the documents as they are written there', async () => {
  const document = await readFile(new URL('../../docs/tools.md', import.meta.url), 'utf8')
  const [, snippet = ''] = /```json\n(\[\n.*?\])\n```/s.exec(document) ?? []
  const rules = parsePermissionRules(snippet, 'rules.json', {
    toolNames: ['simulate_deployment'],
    parseAddress,
  })
  expect(rules.map(({ name }) => name)).toEqual(['no-mixer', 'local-chain', 'careful-with-sources'])
})
