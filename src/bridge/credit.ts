/** Bytes of batches on their way or not yet acknowledged: what either end keeps for one bridge, at most. */
export const CREDIT_WINDOW_BYTES = 8 * 1_048_576
