/** Exits with 0 when the address in the first argument answers 2xx within 4 s: the container's health check. */

try {
  const { ok } = await fetch(process.argv[2] ?? '', { signal: AbortSignal.timeout(4_000) })
  process.exitCode = ok ? 0 : 1
} catch {
  process.exitCode = 1
}
