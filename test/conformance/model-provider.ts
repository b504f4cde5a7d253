import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { AppError } from '../../src/contracts/errors.ts'
import { answerTextLimit } from '../../src/contracts/limits.ts'
import type {
  ModelPart,
  ModelProvider,
  ModelRequest,
  ModelToolCall,
} from '../../src/models/model-provider.ts'

/** What the service behind a provider is made to do. */
export type ModelScenario =
  | { kind: 'text'; pieces: string[] }
  | { kind: 'reasoning'; reasoning: string; text: string }
  | { kind: 'tools'; text: string; calls: ModelToolCall[] }
  | { kind: 'ended'; text: string; by: 'length' | 'filter' }
  | { kind: 'usage'; inputTokens: number; outputTokens: number }
  /** Sends `text`, then nothing, and keeps the connection. */
  | { kind: 'silence'; text: string }
  /** Sends `text`, then breaks the connection, or ends the reply without a reason. */
  | { kind: 'broken'; text: string; by: 'connection' | 'end' }
  | { kind: 'garbage' }
  | { kind: 'status'; status: number; retryAfterSeconds?: number }
  /** Sends that many characters of text. */
  | { kind: 'length'; characters: number }

/** How one implementation is put through the suite. */
export type ModelProviderHarness = {
  /** With timeouts that a busy machine does not meet. */
  provider: ModelProvider
  /** The same with an idle timeout of a fraction of a second. */
  impatient: ModelProvider
  /** Words that no error may show: the key, the address of the service. */
  secrets: string[]
  /** Prepares the service for one request. */
  prepare(scenario: ModelScenario): Promise<PreparedCall>
  close(): Promise<void>
}

export type PreparedCall = {
  request: ModelRequest
  /** Resolves when the service has seen its client go away. */
  untilClosed(): Promise<void>
  /** Whether the whole reply has been taken from the service. */
  isTaken(): Promise<boolean>
}

/** Runs the contract of `ModelProvider` over an implementation. */
export function modelProviderConformance(name: string, open: () => Promise<ModelProviderHarness>): void {
  describe(`${name} keeps the contract of a model provider`, { timeout: 30_000 }, () => {
    let harness: ModelProviderHarness
    const never = new AbortController().signal
    beforeAll(async () => {
      harness = await open()
    })
    afterAll(() => harness.close())

    async function play(scenario: ModelScenario): Promise<ModelPart[]> {
      const { request } = await harness.prepare(scenario)
      const provider = scenario.kind === 'silence' ? harness.impatient : harness.provider
      return collect(provider.stream(request, never))
    }

    it('lists models with ids that begin with its name', () => {
      const ids = harness.provider.listModels().map(({ id, model }) => [id, model])
      expect(ids.length).toBeGreaterThan(0)
      for (const [id, model] of ids) expect(id).toBe(`${harness.provider.name}/${model}`)
    })

    it('streams text piece by piece and finishes last, once', async () => {
      const parts = await play({ kind: 'text', pieces: ['Hello', ' world', ' 🌍'] })
      expect(parts.filter(({ type }) => type === 'text')).toHaveLength(3)
      expect(textOf(parts)).toBe('Hello world 🌍')
      expect(parts.filter(({ type }) => type === 'finish')).toEqual([{ type: 'finish', reason: 'stop' }])
      expect(parts.at(-1)).toEqual({ type: 'finish', reason: 'stop' })
    })

    it('keeps reasoning out of the text', async () => {
      const parts = await play({ kind: 'reasoning', reasoning: 'Let me see.', text: 'Four.' })
      expect(textOf(parts)).toBe('Four.')
      expect(textOf(parts, 'reasoning')).toBe('Let me see.')
    })

    it('gives tool calls whole, in order, after the text', async () => {
      const calls = [
        { id: 'a', name: 'time_now', arguments: '{}' },
        { id: 'b', name: 'account_info', arguments: '{"address":"0x1"}' },
      ]
      const parts = await play({ kind: 'tools', text: 'One moment.', calls })
      expect(parts.flatMap((part) => (part.type === 'toolCall' ? part.call : []))).toEqual(calls)
      expect(parts.findLastIndex(({ type }) => type === 'text')).toBeLessThan(
        parts.findIndex(({ type }) => type === 'toolCall'),
      )
      expect(parts.at(-1)).toEqual({ type: 'finish', reason: 'tools' })
    })

    it('passes on arguments that are not JSON', async () => {
      const parts = await play({
        kind: 'tools',
        text: '',
        calls: [{ id: 'a', name: 'x', arguments: '{"a": ' }],
      })
      expect(parts).toContainEqual({ type: 'toolCall', call: { id: 'a', name: 'x', arguments: '{"a": ' } })
    })

    it('tells names and arguments as they come, and ends the reply with what its listener throws', async () => {
      const calls = [{ id: 'a', name: 'time_now', arguments: '{"zone":"UTC"}' }]
      const whole = await harness.prepare({ kind: 'tools', text: '', calls })
      const told: string[] = []
      await collect(harness.provider.stream(whole.request, never, (delta) => told.push(delta)))
      expect(told.join('')).toBe('time_now{"zone":"UTC"}')
      const cut = await harness.prepare({ kind: 'tools', text: '', calls })
      const enough = new AppError('output_limit', 'Enough.')
      const reading = collect(
        harness.provider.stream(cut.request, never, () => {
          throw enough
        }),
      )
      await expect(reading).rejects.toBe(enough)
    })

    it('reports usage', async () => {
      const parts = await play({ kind: 'usage', inputTokens: 12, outputTokens: 5 })
      expect(parts.find(({ type }) => type === 'usage')).toMatchObject({ inputTokens: 12, outputTokens: 5 })
    })

    it('behavior: a reply cut by its length or a filter says so', async () => {
      const long = await play({ kind: 'ended', text: 'Once', by: 'length' })
      const filtered = await play({ kind: 'ended', text: 'Once', by: 'filter' })
      expect([long.at(-1), filtered.at(-1)]).toEqual([
        { type: 'finish', reason: 'length' },
        { type: 'finish', reason: 'filtered' },
      ])
    })

    it('behavior: abort closes the request and throws the reason of the signal', async () => {
      const silent = await harness.prepare({ kind: 'silence', text: 'Once' })
      const stop = new AbortController()
      const reason = new Error('stopped by a person')
      const parts: ModelPart[] = []
      const reading = (async () => {
        for await (const part of harness.provider.stream(silent.request, stop.signal)) {
          parts.push(part)
          stop.abort(reason)
        }
      })()
      await expect(reading).rejects.toBe(reason)
      expect(textOf(parts)).toBe('Once')
      await expect(silent.untilClosed()).resolves.toBeUndefined()
    })

    it('behavior: a signal that is aborted already sends nothing', async () => {
      const { request } = await harness.prepare({ kind: 'text', pieces: ['x'] })
      const reason = new Error('stopped before')
      await expect(collect(harness.provider.stream(request, AbortSignal.abort(reason)))).rejects.toBe(reason)
    })

    it('behavior: a consumer that leaves closes the request', async () => {
      const silent = await harness.prepare({ kind: 'silence', text: 'Once' })
      for await (const part of harness.provider.stream(silent.request, never)) if (part.type === 'text') break
      await expect(silent.untilClosed()).resolves.toBeUndefined()
    })

    it('behavior: reads no more than its consumer', async () => {
      const slow = await harness.prepare({ kind: 'length', characters: answerTextLimit * 32 })
      const reply = harness.provider.stream(slow.request, never)[Symbol.asyncIterator]()
      await reply.next()
      // While this one is read to its end, a greedy reader would take the other one: more than sockets hold.
      await play({ kind: 'length', characters: 100_000 })
      expect(await slow.isTaken()).toBe(false)
      await reply.return?.()
    })

    describe('error:', () => {
      const faults: [ModelScenario, string][] = [
        [{ kind: 'silence', text: 'Once' }, 'model_silent'],
        [{ kind: 'silence', text: '' }, 'model_silent'],
        [{ kind: 'broken', text: 'Once', by: 'connection' }, 'model_stream_cut'],
        [{ kind: 'broken', text: 'Once', by: 'end' }, 'model_stream_cut'],
        [{ kind: 'garbage' }, 'model_garbage'],
        [{ kind: 'length', characters: answerTextLimit + 1 }, 'answer_too_long'],
        [{ kind: 'status', status: 400 }, 'model_rejected'],
        [{ kind: 'status', status: 401 }, 'model_unauthorized'],
        [{ kind: 'status', status: 403 }, 'model_unauthorized'],
        [{ kind: 'status', status: 404 }, 'model_rejected'],
        [{ kind: 'status', status: 429 }, 'model_rate_limited'],
        [{ kind: 'status', status: 500 }, 'model_unavailable'],
        [{ kind: 'status', status: 503 }, 'model_unavailable'],
      ]

      it.each(faults)('%o is %s, without secrets, and the next request works', async (scenario, code) => {
        const error: unknown = await play(scenario).catch((cause: unknown) => cause)
        expect(error).toMatchObject({ name: 'AppError', code })
        for (const secret of harness.secrets) expect(exposed(error)).not.toContain(secret)
        expect(textOf(await play({ kind: 'text', pieces: ['fine'] }))).toBe('fine')
      })

      it('tells how long to wait', async () => {
        const failing = play({ kind: 'status', status: 429, retryAfterSeconds: 7 })
        await expect(failing).rejects.toMatchObject({ code: 'model_rate_limited', retryAfterMs: 7_000 })
      })
    })
  })
}

/** Reads a reply to its end. */
export async function collect(reply: AsyncIterable<ModelPart>): Promise<ModelPart[]> {
  const parts: ModelPart[] = []
  for await (const part of reply) parts.push(part)
  return parts
}

/** All text of a reply, or all reasoning. */
export function textOf(parts: readonly ModelPart[], type: 'text' | 'reasoning' = 'text'): string {
  return parts.map((part) => (part.type === type ? part.delta : '')).join('')
}

/** Everything of an error that a log or a client could show. */
export function exposed(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error)
  const own = Object.fromEntries(
    Object.getOwnPropertyNames(error).map((name) => [name, Reflect.get(error, name)]),
  )
  return [error.message, error.stack, JSON.stringify(own), error.cause ? exposed(error.cause) : ''].join('\n')
}
