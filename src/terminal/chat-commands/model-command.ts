import type { ModelEntry } from '../../client/api-answers.ts'
import { describeModelSettings } from '../describe-settings.ts'
import { formatCount } from '../format-count.ts'
import { toPlainLine } from '../text-filter.ts'
import type { ChatCommand, ChatContext } from './chat-command.ts'
import { fetchModels, findModel } from './find-model.ts'
import { parseModelSettings } from './parse-model-settings.ts'

/** Which model answers, and what it is told besides the messages. */
export const modelCommand: ChatCommand = {
  usage: '[NAME|N [once]] [temperature=T effort=E max=N]',
  help: 'lists the models; switches, or for the next message alone; =default takes a setting back',
  async run(context, rest) {
    const words = rest.split(/\s+/).filter((word) => word !== '')
    const settings = words.filter((word) => word.includes('='))
    const [name, once, ...more] = words.filter((word) => !word.includes('='))
    if (words.length === 0) return listModels(context)
    if (more.length > 0 || (once !== undefined && once !== 'once')) return context.say(howTo)
    if (once !== undefined && settings.length > 0)
      return context.say('Settings are for the conversation: leave out once.')
    const model = name === undefined ? undefined : await findModel(context, name)
    if (name !== undefined && model === undefined) return
    if (once !== undefined && model !== undefined) return context.chat.useOnce(model)
    await change(context, model, settings)
  },
}

const howTo = 'Write /model, /model NAME, /model NAME once, or /model temperature=0.2 effort=low max=2000.'

async function change(
  { chat, say }: ChatContext,
  model: string | undefined,
  words: readonly string[],
): Promise<void> {
  const parsed = parseModelSettings(words, chat.settings.modelSettings ?? {})
  if ('fault' in parsed) return say(parsed.fault)
  const modelSettings = words.length > 0 ? { modelSettings: parsed.settings } : {}
  await chat.change({ ...(model !== undefined && { model }), ...modelSettings })
  if (chat.conversationId !== undefined) return
  const told = words.length > 0 ? ` ${describeModelSettings(parsed.settings)}` : ''
  say(`The next conversation begins with ${toPlainLine(model ?? 'the model of the server')}${told}.`)
}

async function listModels(context: ChatContext): Promise<void> {
  const { chat, say } = context
  const models = await fetchModels(context)
  const { model: own, modelSettings = {} } = chat.settings
  for (const [index, each] of models.entries()) {
    const chosen = own === undefined ? each.default : each.id === own
    say(`${index + 1}  ${chosen ? '*' : ' '} ${toPlainLine(each.id)}  ${describeOffer(each)}`)
  }
  say(`* answers here, with settings ${describeModelSettings(modelSettings)}.`)
}

function describeOffer({ contextLimitTokens, settings }: ModelEntry): string {
  const { temperature, reasoningEfforts, maxOutputTokens } = settings
  return [
    `${formatCount(contextLimitTokens)} tokens`,
    ...(temperature ? [`temperature ${temperature.min}–${temperature.max}`] : []),
    ...(reasoningEfforts ? [`effort ${reasoningEfforts.join('|')}`] : []),
    `max ${maxOutputTokens === undefined ? 'N' : formatCount(maxOutputTokens)}`,
  ].join(' · ')
}
