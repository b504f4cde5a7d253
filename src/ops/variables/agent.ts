import { longestWaitDays } from '../../contracts/limits.ts'
import { permissionPolicies } from '../../contracts/permission.ts'
import { existing, integer, oneOf, text, url } from './field.ts'
import { variable } from './variable.ts'

export const modelGroup = {
  title: 'Models',
  about:
    'Any endpoint that speaks the OpenAI wire. Without a key `npm start` answers with the scripted demo model, and says so. Several providers at once: name them in `PERDURA_PROVIDERS` and give each `<NAME>_API_KEY`, `<NAME>_BASE_URL` (not for well-known ones) and `<NAME>_MODELS` (`model-a,model-b:32768`, the number being its context in tokens), `<NAME>` being the provider in capitals.',
  variables: {
    OPENAI_API_KEY: variable(text().optional(), {
      about: 'Key of the default provider.',
      secret: true,
    }),
    OPENAI_BASE_URL: variable(url(['https:', 'http:']).optional(), {
      about: 'Address of the default provider when it is not OpenAI itself.',
      example: 'http://localhost:11434/v1',
      secret: true,
    }),
    PERDURA_PROVIDERS: variable(text().optional(), {
      about: 'Names of the providers, comma-separated, the default one first. Unset: openai.',
      example: 'openai,openrouter',
    }),
    PERDURA_MODEL: variable(text().optional(), {
      about: 'Model of new conversations: `provider/model`, or a name of the default provider.',
      example: 'gpt-5-mini',
    }),
    PERDURA_FALLBACK_MODELS: variable(text().optional(), {
      about:
        'Models that go on, in this order, when the one of a turn is down; a conversation may name its own.',
      example: 'anthropic/claude-sonnet-4-5,groq/openai/gpt-oss-120b',
    }),
    PERDURA_HELPER_MODEL: variable(text().optional(), {
      about:
        "Model that writes titles, summaries and memory entries. `none`: no titles and entries, and summaries by the conversation's own model. Unset: the model of new conversations.",
      example: 'openai/gpt-5-nano',
    }),
    PERDURA_SYSTEM_PROMPT: variable(existing('file').optional(), {
      about: 'File that replaces the system prompt; its hash stands in `turn.started`.',
      example: './prompt.md',
    }),
    PERDURA_MAX_OUTPUT_TOKENS: variable(integer(1, 1_000_000).optional(), {
      about: "Tokens of one model reply. Unset: the provider's own limit, or 8,192 where there is a budget.",
      example: '8192',
    }),
    PERDURA_MODEL_TIMEOUT_MS: variable(integer(1_000, 900_000).prefault('300000'), {
      about: 'Time of one model call from request to end, in milliseconds.',
    }),
    PERDURA_MODEL_IDLE_TIMEOUT_MS: variable(integer(100, 300_000).prefault('60000'), {
      about: 'Silence after which a model call counts as dead, in milliseconds.',
    }),
    PERDURA_MODEL_TRIES: variable(integer(1, 100).prefault('3'), {
      about: 'Tries of a model call that failed in a way that may pass.',
    }),
  },
}

export const agentGroup = {
  title: 'Conversations',
  about: 'Defaults of every conversation.',
  variables: {
    PERDURA_HISTORY_STRATEGY: variable(
      oneOf(['summary', 'slidingWindow', 'full', 'none']).prefault('summary'),
      {
        about: 'What the model is given of a conversation: summary, slidingWindow, full or none.',
      },
    ),
    PERDURA_HISTORY_WINDOW: variable(integer(1, 10_000).prefault('40'), {
      about: 'User messages in the sliding window, each with what followed it.',
    }),
    PERDURA_TURN_TIMEOUT_MS: variable(integer(1_000, 86_400_000).prefault('600000'), {
      about: 'Time of one turn, in milliseconds; it then ends with `turn_time_limit`.',
    }),
    PERDURA_PERMISSIONS: variable(oneOf(permissionPolicies).prefault('allowReads'), {
      about:
        'Permission policy of new conversations: allowReads asks about what others could feel, ask about everything, denyAll denies all and asks nobody.',
    }),
    PERDURA_PERMISSION_RULES: variable(existing('file').optional(), {
      about: 'JSON file with permission rules of yours, which are looked at before the policy.',
      example: './permission-rules.json',
    }),
    PERDURA_REQUEST_TTL_SECONDS: variable(integer(1, longestWaitDays * 86_400).prefault('259200'), {
      about: 'How long a permission or a question waits for a person, in seconds; no answer then means no.',
    }),
    PERDURA_TOOLS: variable(existing('folder').optional(), {
      about: 'Folder with tools of your own, one file each.',
      example: './tools',
    }),
    PERDURA_TOOL_TIMEOUT_MS: variable(integer(100, 3_600_000).prefault('30000'), {
      about: 'Time of one try of a tool or step that declares none, in milliseconds.',
    }),
    PERDURA_TOOL_TRIES: variable(integer(1, 100).prefault('3'), {
      about: 'Tries of a tool or step that declares none.',
    }),
  },
}
