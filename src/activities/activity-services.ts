import type { ModelRegistry } from '../models/model-registry.ts'
import type { ModelTool } from '../models/model-provider.ts'
import type { SystemPrompt } from '../models/system-prompt.ts'
import type { Budgets } from '../contracts/usage.ts'
import type { PermissionRule } from '../contracts/permission.ts'
import type { Logger } from '../ops/logger.ts'
import type { ExternalServices } from '../services/external-services.ts'
import type { ServiceCaller } from '../services/service-caller.ts'
import type { WaitingNote } from '../store/background-calls.ts'
import type { Database } from '../store/database.ts'
import type { EventLog } from '../store/event-log.ts'
import type { HistoryBackend } from '../store/history-backend.ts'
import type { IsolatedTools } from '../toolkit/load-offered-tools.ts'
import type { ToolRegistry } from '../toolkit/tool-registry.ts'
import type { ToolServices } from '../toolkit/tool-services.ts'
import type { MessageSizes } from './context/message-sizes.ts'
import type { ToolProcesses } from './isolation/tool-processes.ts'
import type { LoopBreath } from './loop-breath.ts'
import type { ModelSlots } from './model-slots.ts'
import type { StopRegistry } from './stop-registry.ts'
import type { WeightedGate } from '../ops/weighted-gate.ts'

/** What activities reach the world through; a worker makes it once. */
export type ActivityServices = {
  database: Database
  log: EventLog
  history: HistoryBackend
  models: ModelRegistry
  /** What calls of models cost, and what they may. */
  budgets: Budgets
  prompt: SystemPrompt
  /** The tools whose services this deployment has. */
  tools: ToolRegistry
  /** The same, as models see them, by name; made once. */
  modelTools: ReadonlyMap<string, ModelTool>
  /** Model providers and chains, as this worker asks them. */
  externals: Pick<ExternalServices, 'get'>
  /** What tools reach, for one call. */
  toolServicesOf(caller: ServiceCaller): ToolServices
  /** Those of the tools that run in `toolProcesses`. */
  isolatedTools: IsolatedTools
  toolProcesses: ToolProcesses
  /** Of the operator, about what may run. */
  rules: readonly PermissionRule[]
  /** Remembers what messages take of a context. */
  messageSizes: MessageSizes
  stops: StopRegistry
  modelSlots: ModelSlots
  /** Tools that this worker runs at once, each with the result that it holds until that is stored. */
  toolSlots: WeightedGate
  /** Large results that are being stored at once, in bytes. */
  resultGate: WeightedGate
  loopBreath: LoopBreath
  /** Tells the workflow of a conversation that a note waits, and starts it when it is gone. */
  tellNote(note: WaitingNote): Promise<void>
  logger: Logger
  settings: ActivitySettings
}

/** Values from the configuration. */
export type ActivitySettings = {
  modelTimeoutMs: number
  modelTries: number
  maxOutputTokens: number | undefined
  turnTimeoutMs: number
  /** Of tools that declare none. */
  toolTimeoutMs: number
  toolTries: number
  /** How long a person may take to answer. */
  requestTtlMs: number
  /** Background calls that one conversation may have at the same time. */
  backgroundCalls: number
  /** Turns that one owner may have at the same time. */
  openTurns: number
  /** The chain of conversations that name none. */
  defaultChainId: number
}
