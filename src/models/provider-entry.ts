import { commonDialect } from './dialect.ts'
import { parseModelLimits } from './model-limits.ts'
import { parseReasoningEfforts, parseTemperature } from './offered-settings.ts'
import type { OwnSettings } from './offered-settings.ts'
import { findPreset, providerPresets } from './presets.ts'
import type { ModelLimit, ProviderPreset } from './presets.ts'
import type { ProviderConfig } from './provider-config.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** One provider, or the reason why it cannot be used and what to write instead. */
export type ProviderEntry =
  | { provider: Omit<ProviderConfig, 'timeoutMs' | 'idleTimeoutMs'> }
  | { problem: string }

/** Reads one entry of PERDURA_PROVIDERS: a preset's name, or `name=https://host/v1`. */
export function readProviderEntry(entry: string, env: Environment): ProviderEntry {
  const [name = '', ...rest] = entry.split('=').map((part) => part.trim())
  const ownUrl = rest.join('=')
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    return { problem: 'PERDURA_PROVIDERS: a provider name has lower-case letters, digits and dashes only.' }
  }
  const preset = findPreset(name)
  const prefix = name.toUpperCase().replaceAll('-', '_')
  const baseUrl = ownUrl || nonEmpty(env[`${prefix}_BASE_URL`]) || preset?.baseUrl
  if (!baseUrl) return { problem: unknownProvider(name) }
  const where = ownUrl ? `PERDURA_PROVIDERS (${name})` : `${prefix}_BASE_URL`
  if (!isBaseUrl(baseUrl)) {
    return {
      problem: `${where}: write an http or https URL without user, password, query or fragment, as https://host/v1.`,
    }
  }
  const atPreset = preset !== undefined && isSameHost(baseUrl, preset.baseUrl)
  const keyName = preset?.apiKeyEnv ?? `${prefix}_API_KEY`
  const apiKey = nonEmpty(env[keyName]) ?? ''
  if (apiKey === '' && atPreset && !preset.local)
    return { problem: `${keyName} is missing. Provider ${name} needs a key.` }
  const ownSettings = readOwnSettings(prefix, env)
  if ('problem' in ownSettings) return ownSettings
  return {
    provider: {
      name,
      baseUrl: baseUrl.replace(/\/+$/, ''),
      apiKey,
      models: readModels(env[`${prefix}_MODELS`], preset, atPreset),
      dialect: preset?.dialect ?? commonDialect,
      ownSettings,
    },
  }
}

function readOwnSettings(prefix: string, env: Environment): OwnSettings | { problem: string } {
  const [heat, efforts] = [`${prefix}_TEMPERATURE`, `${prefix}_REASONING_EFFORTS`]
  const [heatText, effortsText] = [nonEmpty(env[heat]), nonEmpty(env[efforts])]
  const temperature = heatText && parseTemperature(heatText)
  const reasoningEfforts = effortsText && parseReasoningEfforts(effortsText)
  if (heatText && !temperature) return { problem: `${heat}: write a range as 0-1.5, up to 2, or off.` }
  if (effortsText && !reasoningEfforts) {
    return { problem: `${efforts}: write some of none,minimal,low,medium,high, or off.` }
  }
  return { ...(temperature ? { temperature } : {}), ...(reasoningEfforts ? { reasoningEfforts } : {}) }
}

/** Treats a variable that is set to nothing as not set, as `.env` files and compose files write it. */
export function nonEmpty(value: string | undefined): string | undefined {
  const text = value?.trim()
  return text === '' ? undefined : text
}

function readModels(
  list: string | undefined,
  preset: ProviderPreset | undefined,
  atPreset: boolean,
): ModelLimit[] {
  const known = preset?.models ?? []
  const named = nonEmpty(list)
  if (named) return parseModelLimits(named, known)
  // Another server behind a preset's name has other models; a local preset is the same server elsewhere.
  return atPreset || preset?.local ? [...known] : []
}

function isBaseUrl(text: string): boolean {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) return false
  return url.username === '' && url.password === '' && url.search === '' && url.hash === ''
}

function isSameHost(left: string, right: string): boolean {
  return URL.parse(left)?.host === URL.parse(right)?.host
}

function unknownProvider(name: string): string {
  const names = Object.keys(providerPresets).join(', ')
  return `PERDURA_PROVIDERS: ${name} is not a known provider. Known: ${names}. Write ${name}=https://host/v1 for another one.`
}
