import { Command, InvalidArgumentError, Option } from 'commander'

import { permissionPolicies } from '../contracts/permission.ts'
import {
  runAskCommand,
  runChatCommand,
  runConversationsCommand,
  runExportCommand,
  runImportCommand,
  runSearchCommand,
  runStatusCommand,
  runUsageCommand,
} from './commands.ts'

/** The `perdura` command. Each action resolves with the exit code by `finish`. */
export function createProgram(finish: (exitCode: number) => void): Command {
  const program = new Command('perdura')
    .description('Talk to the agents of a running Perdura.')
    .exitOverride()
    .showHelpAfterError('(perdura --help shows what there is)')
    .addHelpText(
      'after',
      '\nThe server is found by PERDURA_URL, else by .perdura/run.json in this folder or above.' +
        '\nThe token is PERDURA_TOKEN, else one that is kept in your configuration folder.',
    )
  program
    .command('chat')
    .description('talk in the terminal')
    .option('-c, --conversation <id>', 'go on with this conversation')
    .option('-m, --model <model>', 'provider/model, as GET /api/models lists them')
    .option('--chain <id>', 'chain that the conversation is about', parseChainId)
    .addOption(permissionsOption())
    .action(async (options) => finish(await runChatCommand(options)))
  program
    .command('ask')
    .description('ask one question; the answer goes to stdout, all else to stderr')
    .argument('<question...>', 'the question; - reads it from stdin')
    .option('-c, --conversation <id>', 'ask in this conversation')
    .option('-m, --model <model>', 'provider/model, as GET /api/models lists them')
    .option('--chain <id>', 'chain that the conversation is about', parseChainId)
    .addOption(permissionsOption())
    .option('--timeout <seconds>', 'stop the turn and leave with 6 after this time', parseSeconds)
    .option('--json', 'print the events as JSON lines instead of the answer', false)
    .action(async (words: string[], options) => finish(await runAskCommand(words.join(' '), options)))
  program
    .command('status')
    .description('show the running parts and how they are')
    .option('--json', 'as one JSON document', false)
    .action(async (options) => finish(await runStatusCommand(options)))
  program
    .command('conversations')
    .description('list your conversations')
    .option('--json', 'as one JSON document', false)
    .action(async (options) => finish(await runConversationsCommand(options)))
  addLibraryCommands(program, finish)
  return program
}

/** What is done with conversations as they stand. */
function addLibraryCommands(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('search')
    .description('search your conversations, titles and all that was said')
    .argument('<words...>', 'all of these words; the last one may be unfinished')
    .option('--json', 'as one JSON document', false)
    .action(async (words: string[], options) => finish(await runSearchCommand(words.join(' '), options)))
  program
    .command('usage')
    .description('show what you have used and what the budgets leave')
    .option('-c, --conversation <id>', 'of this conversation too')
    .option('--json', 'as one JSON document', false)
    .action(async (options) => finish(await runUsageCommand(options)))
  program
    .command('export')
    .description('write a conversation to stdout, or into a new file')
    .argument('<id>', 'as perdura conversations lists it')
    .addOption(
      new Option('--format <format>', 'json can be imported')
        .choices(['json', 'markdown'])
        .default('markdown'),
    )
    .option('-o, --output <file>', 'a file that is not there yet')
    .action(async (id: string, options) => finish(await runExportCommand(id, options)))
  program
    .command('import')
    .description('make a new conversation of an exported one (JSON) and print its id')
    .argument('<file>')
    .action(async (file: string) => finish(await runImportCommand(file)))
}

function permissionsOption(): Option {
  const about = 'which tools ask before they run; denyAll asks nobody, for unattended work'
  return new Option('--permissions <policy>', about).choices([...permissionPolicies])
}

function parseChainId(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('A chain id is a positive whole number.')
  return Number(text)
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!(seconds > 0 && seconds <= 86_400)) throw new InvalidArgumentError('Give seconds, at most 86400.')
  return seconds
}
