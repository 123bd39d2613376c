/** The longest time a platform's timer takes; one that is set for more fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1
