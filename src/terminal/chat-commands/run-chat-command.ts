import { againCommand, editCommand, forkCommand } from './branch-commands.ts'
import { callsCommand } from './calls-command.ts'
import type { ChatCommand, ChatContext } from './chat-command.ts'
import { listCommand, newCommand, openCommand, resetCommand } from './conversation-commands.ts'
import { exportCommand } from './export-command.ts'
import { grantsCommand } from './grants-command.ts'
import { clearCommand, compactCommand, historyCommand } from './history-commands.ts'
import { afterCommand, nowCommand, steerCommand, stopCommand } from './message-commands.ts'
import { memoryCommand } from './memory-command.ts'
import { modelCommand } from './model-command.ts'
import { backCommand, declineCommand, laterCommand } from './prompt-commands.ts'
import { queueCommand } from './queue-command.ts'
import { requestsCommand } from './requests-command.ts'
import { searchCommand } from './search-command.ts'
import { permissionsCommand, policyCommand } from './settings-commands.ts'
import { titleCommand } from './title-command.ts'
import { usageCommand } from './usage-command.ts'

/** In the order and the groups in which `/help` shows them. */
const groups: Record<string, Record<string, ChatCommand>> = {
  'The turn': {
    stop: stopCommand,
    calls: callsCommand,
    now: nowCommand,
    steer: steerCommand,
    after: afterCommand,
    policy: policyCommand,
    queue: queueCommand,
    edit: editCommand,
    again: againCommand,
  },
  'The model': {
    model: modelCommand,
    history: historyCommand,
    compact: compactCommand,
    clear: clearCommand,
    memory: memoryCommand,
    usage: usageCommand,
  },
  Conversations: {
    new: newCommand,
    list: listCommand,
    search: searchCommand,
    open: openCommand,
    title: titleCommand,
    fork: forkCommand,
    export: exportCommand,
    reset: resetCommand,
  },
  'What you are asked': {
    requests: requestsCommand,
    later: laterCommand,
    back: backCommand,
    decline: declineCommand,
    grants: grantsCommand,
    permissions: permissionsCommand,
  },
  'This chat': {
    help: { usage: '', help: 'shows this', run: ({ say }) => helpLines().forEach(say) },
    exit: { usage: '', help: 'leaves; a running turn goes on (also Ctrl-D)', run: ({ leave }) => leave() },
  },
}

const chatCommands = new Map(Object.values(groups).flatMap((commands) => Object.entries(commands)))

/** Runs a slash command; unknown ones are explained, never sent to the model, and failures are told. */
export async function runChatCommand(input: string, context: ChatContext): Promise<void> {
  const [, name = '', rest = ''] = /^\/(\S*)\s*([^]*)$/.exec(input.trim()) ?? []
  const command = chatCommands.get(name)
  if (!command) return context.say(`There is no command /${name}. /help shows what there is.`)
  try {
    await command.run(context, rest)
  } catch (error) {
    context.say(error instanceof Error ? error.message : String(error))
  }
}

function helpLines(): string[] {
  const lines = Object.entries(groups).flatMap(([title, commands]) => [title, ...commandLines(commands)])
  return [
    ...lines,
    '  //TEXT · a message or an answer that begins with a slash',
    '  Ctrl-C · stops the turn; a second one, or one when nothing runs, leaves',
  ]
}

function commandLines(commands: Record<string, ChatCommand>): string[] {
  return Object.entries(commands).map(([name, { usage, help }]) =>
    [`  /${name}`, ...(usage === '' ? [] : [usage]), `· ${help}`].join(' '),
  )
}
