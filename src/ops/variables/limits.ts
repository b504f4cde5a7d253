import { existing, integer } from './field.ts'
import { variable } from './variable.ts'

export const workerGroup = {
  title: 'Worker',
  about: 'What one worker process takes on. More load: more workers.',
  variables: {
    PERDURA_WORKER_SLOTS: variable(integer(1, 10_000).prefault('1000'), {
      about:
        'Activities (model calls, tools, small writes) that a worker has at once, those that wait for one of its slots included.',
    }),
    PERDURA_MODEL_SLOTS: variable(integer(1, 10_000).prefault('256'), {
      about: 'Model calls of each provider that a worker has under way at once; more wait, owners in turn.',
    }),
    PERDURA_TOOL_SLOTS: variable(integer(1, 10_000).prefault('32'), {
      about:
        'Tools that a worker runs at once; more wait, owners in turn. Each may hold a result of up to 16 MiB until it is stored.',
    }),
    PERDURA_TOOL_MEMORY_MB: variable(integer(32, 65_536).prefault('256'), {
      about:
        'Memory of one tool that runs in a process of its own, in MB; one that takes more ends with `tool_crashed`.',
    }),
    PERDURA_BACKGROUND_SLOTS: variable(integer(1, 100_000).prefault('32'), {
      about:
        'Background calls that a worker runs at once, besides its other tools; more wait for their turn. Each call of a tool of your own holds a process, of about 70 MB, until it ends.',
    }),
    PERDURA_WORKFLOW_SLOTS: variable(integer(2, 10_000).prefault('40'), {
      about: 'Workflow tasks that a worker runs at once.',
    }),
    PERDURA_CACHED_WORKFLOWS: variable(integer(0, 100_000).prefault('500'), {
      about: 'Conversations that a worker keeps in memory, about 0.5 MB each; 0 replays every time.',
    }),
    PERDURA_WORKFLOW_BUNDLE: variable(existing('file').optional(), {
      about: 'Workflow bundle made by `npm run build`. Unset: the worker bundles at start, 1 s slower.',
      example: './dist/workflow-bundle.js',
    }),
    PERDURA_HEALTH_PORT: variable(integer(0, 65_535).optional(), {
      about: "Port of the worker's health server (`/healthz`, `/readyz`). Unset: none.",
      example: '4041',
    }),
  },
}

export const limitGroup = {
  title: 'Limits',
  about: 'What one owner or one address may ask for.',
  variables: {
    PERDURA_QUEUE_LIMIT: variable(integer(1, 10_000).prefault('100'), {
      about: 'Messages that wait in one conversation; more get 429.',
    }),
    PERDURA_REQUESTS_PER_MINUTE: variable(integer(1, 10_000_000).prefault('600'), {
      about: 'Requests of one owner in a minute, over all api processes; more get 429.',
    }),
    PERDURA_OPEN_TURN_LIMIT: variable(integer(1, 1_000_000).prefault('50'), {
      about: 'Turns that one owner has at the same time, in all conversations; messages for more get 429.',
    }),
    PERDURA_BACKGROUND_CALL_LIMIT: variable(integer(1, 1_000).prefault('32'), {
      about:
        'Background calls that one conversation has at the same time; the model is told of more as an error.',
    }),
    PERDURA_GUEST_CONVERSATION_LIMIT: variable(integer(1, 10_000_000).prefault('200'), {
      about: 'Conversations that a guest has; more get 429. Wallets have as many as they want.',
    }),
    PERDURA_STREAM_LIMIT: variable(integer(1, 100_000).prefault('50'), {
      about: 'Event streams that one owner holds open at once in one api process; more get 429.',
    }),
    PERDURA_STREAM_BUFFER_EVENTS: variable(integer(10, 1_000_000).prefault('1000'), {
      about: 'Events that wait for a reader before it is cut off; it resumes by its cursor.',
    }),
    PERDURA_STREAM_BUFFER_BYTES: variable(integer(10_000, 1_000_000_000).prefault('1000000'), {
      about: 'Bytes that wait for a reader before it is cut off.',
    }),
    PERDURA_GUEST_LOGINS_PER_MINUTE: variable(integer(1, 1_000_000).prefault('60'), {
      about: 'Guest logins from one address in a minute; more get 429.',
    }),
    PERDURA_TOKEN_TTL_DAYS: variable(integer(1, 3_650).prefault('30'), {
      about: 'Days after which a login token expires.',
    }),
  },
}
