import type { BenchProduct } from './product.ts'

/** What a scenario found: numbers by name, with the goal where there is one. */
export type Figure = {
  name: string
  value: number
  unit: 'ms' | 'turns/s' | 'x' | 'events' | 'bytes' | 'turns' | 'MiB' | 'KiB'
  goal?: { atMost: number } | { atLeast: number }
}

export type Scenario = {
  name: string
  about: string
  /** Only when it is named: it takes long. */
  onlyNamed?: true
  run(product: BenchProduct): Promise<Figure[]>
}

export function meetsGoal({ value, goal }: Figure): boolean | undefined {
  if (goal === undefined) return undefined
  return 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast
}
