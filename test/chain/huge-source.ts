/** A source that takes the compiler minutes and hundreds of megabytes. */
export const hugeSource = `contract Huge { ${Array.from(
  { length: 20_000 },
  (_, i) =>
    `function f${i}(uint a, uint b) public pure returns (uint) { return (a * b + ${i}) / (a + 1) + b ** 2; }`,
).join(' ')} }`
