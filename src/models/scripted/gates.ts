/** Named points at which a scripted reply waits until a test lets it go on. */
export interface Gates {
  /** Opens a gate for good; one that is opened before anybody waits holds nobody. */
  open(name: string): void
  /** @throws the signal's reason */
  pass(name: string, signal: AbortSignal): Promise<void>
}

/** Creates a set of gates, all closed. */
export function createGates(): Gates {
  const gates = new Map<string, PromiseWithResolvers<void>>()

  function find(name: string): PromiseWithResolvers<void> {
    const gate = gates.get(name) ?? Promise.withResolvers<void>()
    gates.set(name, gate)
    return gate
  }

  return {
    open: (name) => find(name).resolve(),
    pass: (name, signal) => Promise.race([find(name).promise, untilAborted(signal)]),
  }
}

/** Never resolves. Rejects with the signal's reason. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}
