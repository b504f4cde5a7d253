import { type Client, createClient } from '../../src/client/create-client.ts'
import { retryWhileUnavailable } from '../../src/client/retry-while-unavailable.ts'
import { follow, type Following } from './follow.ts'

/** A conversation in which somebody asks again as soon as the last answer is there. */
export type SteadyTalk = { id: string; following: Following; posted: string[] }

/** People who keep a product busy until they are told to leave. */
export type SteadyLoad = {
  /** Resolves when every conversation has had that many more answers. */
  untilAnswered(count: number): Promise<void>
  /** Posts nothing more; resolves when all that was posted is answered. */
  end(): Promise<SteadyTalk[]>
}

/** A client whose every request goes to the next of the servers, up or not. */
export function createTurningClient(token: string, urls: () => readonly string[]): Client {
  const placeholder = 'http://any'
  let requests = 0
  const turningFetch: typeof fetch = (input, init) => {
    const all = urls()
    const url = all[requests++ % all.length]
    if (url === undefined || typeof input !== 'string') throw new Error('There is no server, or no address.')
    return fetch(input.replace(placeholder, url), init)
  }
  return createClient({ url: placeholder, token, fetch: turningFetch })
}

/** Begins a conversation for each text, which is posted again and again. */
export async function startLoad(client: Client, texts: readonly string[]): Promise<SteadyLoad> {
  let ended = false
  const talks = await Promise.all(texts.map((text) => begin(client, text)))

  async function askAgain({ id, following, posted }: SteadyTalk, text: string): Promise<void> {
    while (!ended) {
      const message = { text, clientMessageId: `${posted.length}` }
      const { messageId } = await retryWhileUnavailable(() => client.postMessage(id, message))
      posted.push(messageId)
      await following.untilTurns(posted.length)
    }
  }

  const asking = talks.map((talk, index) => askAgain(talk, texts[index] ?? ''))
  return {
    async untilAnswered(count) {
      const answered = talks.map(({ following, posted }) => following.untilTurns(posted.length + count))
      // Whoever cannot ask says why; without this the answers would be waited for in vain.
      await Promise.race([Promise.all(answered), ...asking])
    },
    async end() {
      ended = true
      await Promise.all(asking)
      for (const { following } of talks) following.close()
      return talks
    },
  }
}

async function begin(client: Client, text: string): Promise<SteadyTalk> {
  const { id } = await retryWhileUnavailable(() => client.createConversation({ title: text }))
  return { id, following: follow(client, id), posted: [] }
}
