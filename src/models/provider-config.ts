import { AppError } from '../contracts/errors.ts'
import type { Dialect } from './dialect.ts'
import { findModelId, toModelId } from './model-id.ts'
import { toModelLimit } from './model-limits.ts'
import type { OwnSettings } from './offered-settings.ts'
import { findPreset, providerPresets } from './presets.ts'
import type { ModelLimit } from './presets.ts'
import { nonEmpty, readProviderEntry } from './provider-entry.ts'

/** One OpenAI-compatible service. */
export type ProviderConfig = {
  /** Prefix of its models' ids. */
  name: string
  baseUrl: string
  /** Empty for a server that asks for none. */
  apiKey: string
  models: readonly ModelLimit[]
  dialect: Dialect
  /** Above what the names of its models tell. */
  ownSettings?: OwnSettings
} & CallTimeouts

/** How long a model call may take. */
export type CallTimeouts = {
  /** From the request to the end of the answer. */
  timeoutMs: number
  /** Longest silence, before the answer and inside it. Node's fetch allows 300 s at most. */
  idleTimeoutMs: number
}

export type ModelConfig = {
  providers: ProviderConfig[]
  defaultModel: string
  /** Writes titles and summaries; undefined: nobody does. */
  helperModel: string | undefined
  /** Of conversations that name none themselves, in this order. */
  fallbackModels: string[]
}

type Environment = Readonly<Record<string, string | undefined>>

const defaultTimeouts: CallTimeouts = { timeoutMs: 300_000, idleTimeoutMs: 60_000 }

/** Whether the environment names any model service; if not, `npm start` uses the scripted model. */
export function hasModelConfig(env: Environment): boolean {
  return listEntries(env).length > 0
}

/**
 * Reads the providers and the default model from the environment (see docs/models.md).
 * @throws AppError `configuration` with every fault in its message, and as a list in `details.problems`.
 */
export function readProviderConfigs(env: Environment, timeouts: CallTimeouts = defaultTimeouts): ModelConfig {
  if (!hasModelConfig(env)) throw toError([noProvider(env)])
  const { timeoutMs, idleTimeoutMs } = timeouts
  const problems: string[] = []
  const providers: ProviderConfig[] = []
  for (const entry of listEntries(env)) {
    const read = readProviderEntry(entry, env)
    if ('problem' in read) problems.push(read.problem)
    else if (providers.some(({ name }) => name === read.provider.name)) {
      problems.push(`PERDURA_PROVIDERS names ${read.provider.name} twice.`)
    } else providers.push({ ...read.provider, timeoutMs, idleTimeoutMs })
  }
  if (problems.length > 0) throw toError(problems)
  return withChosenModels(providers, env)
}

// OpenAI's own variables are enough to configure it; then it stands first unless the list places it.
function listEntries(env: Environment): string[] {
  const list = splitEntries(env['PERDURA_PROVIDERS'])
  const listed = list.some((entry) => /^openai\s*(=|$)/.test(entry))
  const openai = nonEmpty(env['OPENAI_API_KEY']) ?? nonEmpty(env['OPENAI_BASE_URL'])
  return openai && !listed ? ['openai', ...list] : list
}

function splitEntries(list = ''): string[] {
  return list.split(',').flatMap((entry) => nonEmpty(entry) ?? [])
}

/** A model that a variable chooses need not be in a list: it joins its provider's models. */
function withChosenModels(configured: ProviderConfig[], env: Environment): ModelConfig {
  const wanted = nonEmpty(env['PERDURA_MODEL'])
  const helper = nonEmpty(env['PERDURA_HELPER_MODEL'])
  const fallbacks = splitEntries(env['PERDURA_FALLBACK_MODELS'])
  const chosen = [wanted, helper === 'none' ? undefined : helper, ...fallbacks]
  const providers = chosen.reduce((all, model) => (model ? addModel(all, model) : all), configured)
  const empty = providers.filter(({ models }) => models.length === 0)
  if (empty.length > 0) throw toError(empty.map(noModels))
  const ids = listIds(providers)
  const problems: string[] = []
  function find(variable: string, model: string): string {
    const found = findModelId(model, ids)
    if (!found) problems.push(unknownModel(variable, model, ids))
    return found ?? model
  }
  const defaultModel = wanted ? find('PERDURA_MODEL', wanted) : (ids[0] ?? '')
  const config = {
    providers,
    defaultModel,
    helperModel: helper === 'none' ? undefined : find('PERDURA_HELPER_MODEL', helper ?? defaultModel),
    fallbackModels: fallbacks.map((model) => find('PERDURA_FALLBACK_MODELS', model)),
  }
  if (problems.length > 0) throw toError([...new Set(problems)])
  return config
}

function addModel(providers: ProviderConfig[], wanted: string): ProviderConfig[] {
  if (findModelId(wanted, listIds(providers))) return providers
  const prefixed = providers.find(({ name }) => wanted.startsWith(`${name}/`))
  const owner = prefixed ?? (providers.length === 1 ? providers[0] : undefined)
  if (!owner) return providers
  const name = prefixed ? wanted.slice(owner.name.length + 1) : wanted
  const added = toModelLimit(name, findPreset(owner.name)?.models ?? [])
  return providers.map((provider) =>
    provider === owner ? { ...owner, models: [added, ...owner.models] } : provider,
  )
}

function listIds(providers: readonly ProviderConfig[]): string[] {
  return providers.flatMap(({ name, models }) => models.map(({ model }) => toModelId(name, model)))
}

function unknownModel(variable: string, model: string, ids: readonly string[]): string {
  return `${variable}=${model} is not one of the models. Configured: ${ids.join(', ')}. Write provider/model.`
}

function noModels({ name }: ProviderConfig): string {
  const variable = `${name.toUpperCase().replaceAll('-', '_')}_MODELS`
  return `Provider ${name} has no models. Name them in ${variable}=model-a,model-b:32768, or one in PERDURA_MODEL=${name}/model-a.`
}

function noProvider(env: Environment): string {
  const found = Object.entries(providerPresets).find(([, preset]) => nonEmpty(env[preset.apiKeyEnv]))
  const hint = found ? ` ${found[1].apiKeyEnv} is set: write PERDURA_PROVIDERS=${found[0]} to use it.` : ''
  return `No model service is configured. Set OPENAI_API_KEY (and OPENAI_BASE_URL), or PERDURA_PROVIDERS.${hint}`
}

function toError(problems: string[]): AppError {
  return new AppError('configuration', problems.join('\n'), { details: { problems } })
}
