import { expect, test, vi } from 'vitest'

import { createNotifier } from '../../src/store/notifier.ts'

test('sends at once, and together what comes while a statement is under way', async () => {
  const first = Promise.withResolvers<void>()
  const send = vi.fn<(channels: readonly string[], payloads: readonly string[]) => Promise<unknown>>()
  send.mockReturnValueOnce(first.promise).mockResolvedValue(undefined)
  const { notify } = createNotifier(send)
  for (const payload of ['a', 'b', 'c']) notify('events', payload)
  expect(send.mock.calls).toEqual([[['events'], ['a']]])
  first.resolve()
  await vi.waitFor(() => expect(send).toHaveBeenCalledTimes(2))
  expect(send.mock.calls[1]).toEqual([
    ['events', 'events'],
    ['b', 'c'],
  ])
})

test('behavior: goes on after a statement that failed', async () => {
  const send = vi.fn<() => Promise<unknown>>()
  send.mockRejectedValueOnce(new Error('away')).mockResolvedValue(undefined)
  const { notify } = createNotifier(send)
  notify('events', 'a')
  notify('events', 'b')
  await vi.waitFor(() => expect(send).toHaveBeenCalledTimes(2))
})
