/** What is said of a conversation whose workflow cannot go on. */
export const stalledRemark = 'Stalled: its workflow cannot go on. /reset begins it anew.'
