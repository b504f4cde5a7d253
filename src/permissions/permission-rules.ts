import { z } from 'zod'

import { AppError } from '../contracts/errors.ts'
import type { PermissionRule } from '../contracts/permission.ts'
import { toolEffects } from '../contracts/tool-call.ts'
import { parseDomain } from '../schemas/parse-domain.ts'

/** What the names in a rules file are checked against. */
export type RuleChecks = {
  /** Every tool there is, also those that lack their services here. */
  toolNames: readonly string[]
  /** Returns an address with its checksum. @throws AppError for a wrong one */
  parseAddress(text: string): string
}

/**
 * Reads the operator's rules; contracts come back checksummed, domains as browsers write them.
 * @throws AppError `permission_rules_invalid`, naming the file and for every fault the rule and the field
 */
export function parsePermissionRules(text: string, path: string, checks: RuleChecks): PermissionRule[] {
  const listed = parseList(text, path)
  const schema = toRuleSchema(checks)
  const parsed = listed.map((rule) => schema.safeParse(rule))
  const faults = [
    ...parsed.flatMap(({ error }, index) => listFaults(error, index, listed[index])),
    ...listTwins(listed),
  ]
  if (faults.length > 0) throw toError(path, faults)
  return parsed.flatMap(({ data }) => data ?? [])
}

function parseList(text: string, path: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value)) return value
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new AppError('permission_rules_invalid', `The permission rules in ${path} are not JSON: ${why}.`, {
      details: { path },
      cause,
    })
  }
  throw new AppError(
    'permission_rules_invalid',
    `The permission rules in ${path} are no list. Write [{ "name": "…", "match": { … }, "decision": "deny" }].`,
    { details: { path } },
  )
}

function toRuleSchema({ toolNames, parseAddress }: RuleChecks) {
  const tool = z.string().superRefine((name, context) => {
    if (toolNames.includes(name)) return
    context.addIssue({
      code: 'custom',
      message: `There is no tool ${JSON.stringify(name)}. There are: ${toolNames.join(', ')}.`,
    })
  })
  const contract = z.string().transform((text, context) => {
    try {
      return parseAddress(text)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      context.addIssue({ code: 'custom', message: error.message })
      return z.NEVER
    }
  })
  return strict({
    name: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/,
        'Write letters, digits, spaces, dots, _ and -, at most 64.',
      ),
    match: strict({
      tools: listOf(tool),
      effects: listOf(z.enum(toolEffects)),
      chainIds: listOf(z.int().min(1)),
      contracts: listOf(contract),
      domains: listOf(domain),
    }),
    decision: z.enum(['allow', 'deny', 'ask']),
    reason: z.string().min(1).max(500).exactOptional(),
  })
}

const domain = z.string().transform((text, context) => {
  const parsed = parseDomain(text)
  if (parsed !== undefined) return parsed
  context.addIssue({
    code: 'custom',
    message: 'Write a host name, as example.com, without https:// or a path.',
  })
  return z.NEVER
})

// An empty list would match nothing, which nobody means.
function listOf<Item extends z.ZodType>(item: Item) {
  return z
    .array(item)
    .min(1, 'Write at least one, or leave the field out to match everything.')
    .exactOptional()
}

function strict<const Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ')
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `There is no field ${(issue.keys ?? []).join(', ')} here. Known: ${known}.`
        : undefined,
  })
}

function listFaults(error: z.ZodError | undefined, index: number, rule: unknown): string[] {
  return (error?.issues ?? []).map(({ path, message }) => {
    const field = path.length === 0 ? '' : `, ${path.join('.')}`
    return `${titleOf(rule, index)}${field}: ${message}`
  })
}

function listTwins(rules: readonly unknown[]): string[] {
  const names = rules.map(nameOf)
  return names.flatMap((name, index) => {
    const first = names.indexOf(name)
    if (name === undefined || first === index) return []
    return [`${titleOf(rules[index], index)}, name: Rule ${first + 1} has this name already. Choose another.`]
  })
}

function titleOf(rule: unknown, index: number): string {
  const name = nameOf(rule)
  return name === undefined ? `rule ${index + 1}` : `rule ${index + 1} ${JSON.stringify(name.slice(0, 64))}`
}

function nameOf(rule: unknown): string | undefined {
  if (typeof rule !== 'object' || rule === null || !('name' in rule)) return undefined
  return typeof rule.name === 'string' ? rule.name : undefined
}

function toError(path: string, faults: readonly string[]): AppError {
  const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`
  const lines = faults.map((fault) => `  ${fault}`)
  return new AppError(
    'permission_rules_invalid',
    [`The permission rules in ${path} have ${count}:`, ...lines].join('\n'),
    { details: { path, faults } },
  )
}
