import type { MemoryEntry } from '../../contracts/memory.ts'
import { toPlainLine } from '../text-filter.ts'
import type { ChatCommand, ChatContext } from './chat-command.ts'
import { pickNumbered } from './pick-numbered.ts'

/** What conversations know of each other. */
export const memoryCommand: ChatCommand = {
  usage: '[on|off | new on|off | list | edit N TEXT | forget N|all]',
  help: 'what this conversation, and new ones, know of your others; alone, says it',
  async run(context, rest) {
    const [, action = '', what = '', text = ''] = /^(\S*)\s*(\S*)\s*([^]*)$/.exec(rest) ?? []
    const on = (word: string) => word === 'on'
    if (action === '') return tellMemory(context)
    if (isSwitch(action) && what === '') return switchHere(context, on(action))
    if (action === 'new' && isSwitch(what) && text === '') return switchNew(context, on(what))
    if (action === 'list' && what === '') return listMemory(context)
    if (action === 'edit' && text !== '') return editEntry(context, what, text)
    if (action === 'forget' && what !== '' && text === '') return forgetEntry(context, what)
    context.say('Write /memory on, off, new on, new off, list, edit N TEXT, forget N, or forget all.')
  },
}

function isSwitch(word: string): boolean {
  return word === 'on' || word === 'off'
}

async function tellMemory({ chat, client, say }: ChatContext): Promise<void> {
  const { enabled, entries } = await client.getMemory()
  const here = chat.settings.memory ?? enabled
  say(`Memory of other conversations: ${here ? 'on' : 'off'}; in new ones ${enabled ? 'on' : 'off'}.`)
  if (entries.length === 0) return say('Nothing is remembered yet.')
  say(`${entries.length === 1 ? 'One is' : `${entries.length} are`} remembered: /memory list shows what.`)
}

async function switchHere({ chat, say }: ChatContext, memory: boolean): Promise<void> {
  await chat.change({ memory })
  if (chat.conversationId === undefined)
    say(`The next conversation begins with its memory ${memory ? 'on' : 'off'}.`)
}

async function switchNew({ client, say }: ChatContext, enabled: boolean): Promise<void> {
  await client.setMemoryEnabled(enabled)
  say(`New conversations begin with their memory ${enabled ? 'on' : 'off'}.`)
}

async function listMemory(context: ChatContext): Promise<void> {
  const entries = await fetchEntries(context)
  if (entries.length === 0) context.say('Nothing is remembered.')
  for (const [index, { title, text, updatedAt, edited }] of entries.entries()) {
    const words = [updatedAt.slice(0, 10), toPlainLine(title), ...(edited ? ['(your words)'] : [])]
    context.say(`${index + 1}  ${words.join('  ')}\n   ${toPlainLine(text)}`)
  }
}

async function editEntry(context: ChatContext, number: string, text: string): Promise<void> {
  const entry = await pickEntry(context, number)
  if (!entry) return
  await context.client.editMemory(entry.conversationId, text)
  context.say(`Remembered in your words: ${toPlainLine(text)}`)
}

async function forgetEntry(context: ChatContext, number: string): Promise<void> {
  if (number === 'all') {
    await context.client.forgetAllMemory()
    return context.say('Everything is forgotten. The conversations themselves are still there.')
  }
  const entry = await pickEntry(context, number)
  if (!entry) return
  await context.client.forgetMemory(entry.conversationId)
  context.say(`Forgotten: ${toPlainLine(entry.title)}. The conversation itself is still there.`)
}

async function pickEntry(context: ChatContext, number: string): Promise<MemoryEntry | undefined> {
  return pickNumbered(context.listed.memoryEntries ?? (await fetchEntries(context)), number, context.say)
}

async function fetchEntries({ client, listed }: ChatContext): Promise<readonly MemoryEntry[]> {
  const { entries } = await client.getMemory()
  listed.memoryEntries = entries
  return entries
}
