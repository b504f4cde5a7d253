import type { ModelEntry } from '../../client/api-answers.ts'
import { toPlainLine } from '../text-filter.ts'
import type { ChatContext } from './chat-command.ts'
import { pickNumbered } from './pick-numbered.ts'

/** A number of the list, a name, or a part of one that only one model has. */
export async function findModel(context: ChatContext, name: string): Promise<string | undefined> {
  const { say, listed } = context
  const models = listed.models ?? (await fetchModels(context))
  if (/^\d+$/.test(name)) return pickNumbered(models, name, say)?.id
  const exact = models.find(({ id }) => id === name)
  const alike = exact ? [exact] : models.filter(({ id }) => id.toLowerCase().includes(name.toLowerCase()))
  const [only, ...others] = alike
  if (only && others.length === 0) return only.id
  // The server may know more than it lists, and says it if it does not.
  if (!only && name.includes('/')) return name
  const which = only ? `could be ${alike.map(({ id }) => id).join(', ')}` : 'is no model of this server'
  say(toPlainLine(`${name} ${which}. /model lists them.`))
  return undefined
}

/** What can be chosen; numbers mean these from now on. */
export async function fetchModels({ client, listed }: ChatContext): Promise<readonly ModelEntry[]> {
  const { models } = await client.listModels()
  listed.models = models
  return models
}
