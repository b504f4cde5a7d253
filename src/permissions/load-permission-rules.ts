import { readFile } from 'node:fs/promises'

import { AppError } from '../contracts/errors.ts'
import type { PermissionRule } from '../contracts/permission.ts'
import { parsePermissionRules, type RuleChecks } from './permission-rules.ts'

/**
 * Loads the operator's rules in the order in which they decide; none when no file is named.
 * @throws AppError `permission_rules_invalid`
 */
export async function loadPermissionRules(
  path: string | undefined,
  checks: RuleChecks,
): Promise<PermissionRule[]> {
  if (path === undefined) return []
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AppError(
      'permission_rules_invalid',
      `The permission rules in ${path} cannot be read. Correct PERDURA_PERMISSION_RULES or the file's rights.`,
      { details: { path }, cause },
    )
  })
  return parsePermissionRules(text, path, checks)
}
