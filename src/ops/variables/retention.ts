import { integer } from './field.ts'
import { variable } from './variable.ts'

export const retentionGroup = {
  title: 'Retention',
  about:
    'How long what can be done without is kept; 0 keeps it for ever. Messages stay until their conversation is deleted. Workers remove the rest in small batches, on their way through all conversations: one in which something has happened is swept on the next way, any other once a day.',
  variables: {
    PERDURA_KEEP_EVENTS: variable(integer(0, 1_000_000).prefault('2000'), {
      about:
        'Events of one conversation that are kept, besides those of its latest turn. Who asks for older ones gets a snapshot.',
    }),
    PERDURA_KEEP_EVENT_DAYS: variable(integer(0, 36_500).prefault('30'), {
      about: 'Days after which events go, except those of the latest turn of each conversation.',
    }),
    PERDURA_KEEP_REQUEST_DAYS: variable(integer(0, 36_500).prefault('30'), {
      about: 'Days after which permissions and questions go that were answered, or that expired.',
    }),
    PERDURA_KEEP_RESULT_DAYS: variable(integer(0, 36_500).prefault('90'), {
      about: "Days after which the text of large tool results goes; the model's cut of it stays.",
    }),
    PERDURA_KEEP_RUNS: variable(integer(0, 100_000).prefault('5'), {
      about:
        'Runs of one conversation’s workflow that have continued as new and stay in Temporal, about 50 turns each. Their namespace may remove them earlier.',
    }),
    PERDURA_SWEEP_SECONDS: variable(integer(1, 86_400).prefault('60'), {
      about:
        'How long workers rest when they have looked through all conversations for what is kept no longer.',
    }),
  },
}
