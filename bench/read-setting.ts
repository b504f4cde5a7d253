/** A number of the bench's environment, such as `BENCH_SOAK_MINUTES=1` for a short try; without it the whole one. */
export function readSetting(name: string, whole: number): number {
  const value = Number(process.env[name] ?? whole)
  if (!(value > 0)) throw new Error(`${name} must be a number above 0.`)
  return value
}
