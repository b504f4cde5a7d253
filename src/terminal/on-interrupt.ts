/** One key press reaches a process as often as there are parents that pass it on; npx and npm are two. */
const repeatMs = 400

/** Calls the listener for each Ctrl-C, once for one press. Returns the function that ends it. */
export function onInterrupt(listener: () => void): () => void {
  let lastMs = -Infinity
  const once = () => {
    const nowMs = performance.now()
    if (nowMs - lastMs < repeatMs) return
    lastMs = nowMs
    listener()
  }
  process.on('SIGINT', once)
  return () => process.off('SIGINT', once)
}
