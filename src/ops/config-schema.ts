import { z } from 'zod'

import { agentGroup, modelGroup } from './variables/agent.ts'
import { budgetGroup } from './variables/budgets.ts'
import { chainGroup } from './variables/chains.ts'
import { limitGroup, workerGroup } from './variables/limits.ts'
import { outsideGroup } from './variables/outside.ts'
import { retentionGroup } from './variables/retention.ts'
import { serverGroup } from './variables/server.ts'
import { databaseGroup, temporalGroup } from './variables/services.ts'

/** All variables, in the order of the documents. */
export const variableGroups = [
  serverGroup,
  databaseGroup,
  temporalGroup,
  modelGroup,
  chainGroup,
  agentGroup,
  outsideGroup,
  workerGroup,
  limitGroup,
  budgetGroup,
  retentionGroup,
]

/** The environment as one schema: texts in, values out. */
export const configSchema = z.object({
  ...serverGroup.variables,
  ...databaseGroup.variables,
  ...temporalGroup.variables,
  ...modelGroup.variables,
  ...chainGroup.variables,
  ...agentGroup.variables,
  ...outsideGroup.variables,
  ...workerGroup.variables,
  ...limitGroup.variables,
  ...budgetGroup.variables,
  ...retentionGroup.variables,
})

/** The parsed environment, by variable. */
export type ConfigValues = z.output<typeof configSchema>
