/** What a question may come to: steps that read or reckon, functions of values, tables that are made of a value. All else is refused. */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/**
 * Of SQLite 3.45. Those that insert and delete do so in tables of the question's own, which are gone with it (`OpenEphemeral`, sorters): a
 * table of the database is opened to be written by `OpenWrite` alone, which is not here. Nor is `Variable`: there is nothing to bind.
 */
export const STEPS = words(`
  Init Goto Gosub Return BeginSubrtn InitCoroutine EndCoroutine Yield Jump Once If IfNot IfNullRow IfPos IfNotZero DecrJumpZero
  IfNoHope IfSizeBetween IfEmpty Halt HaltIfNull Noop Explain Trace Abortable ReleaseReg
  Integer Int64 Real String8 String Null SoftNull Blob Move Copy SCopy IntCopy ResultRow
  Add Subtract Multiply Divide Remainder Concat BitAnd BitOr BitNot ShiftLeft ShiftRight AddImm Not And Or IsTrue IsNull NotNull
  IsType ZeroOrNull MustBeInt RealAffinity Cast Affinity CollSeq ClrSubtype GetSubtype SetSubtype MemMax OffsetLimit
  Eq Ne Lt Le Gt Ge ElseEq Permutation Compare
  Transaction OpenRead ReopenIdx OpenDup OpenEphemeral OpenAutoindex OpenPseudo Close ColumnsUsed CursorHint CursorLock CursorUnlock
  Column RowData Rowid IdxRowid NullRow Count Sequence SequenceTest DeferredSeek FinishSeek MakeRecord
  SeekLT SeekLE SeekGE SeekGT SeekScan SeekHit SeekRowid SeekEnd NotExists NoConflict NotFound Found Last Rewind Next Prev IfSmaller
  IdxLE IdxGT IdxLT IdxGE
  NewRowid Insert Delete IdxInsert IdxDelete ResetSorter RowSetAdd RowSetRead RowSetTest Filter FilterAdd
  SorterOpen SorterInsert SorterSort SorterNext SorterCompare SorterData Sort
  Function PureFunc AggStep AggStep1 AggInverse AggValue AggFinal
  VOpen VFilter VColumn VNext VInitIn VPreparedSql
`)

/** Steps that call a function. */
export const CALLS = words('Function PureFunc AggStep AggStep1 AggInverse AggValue AggFinal')

/**
 * SQLite's own of texts, numbers, times and JSON, aggregates and windows; of what this build adds, those that are short and known: no
 * files, no keys, no SQL in texts, no trees without balance.
 */
export const FUNCTIONS = words(`
  abs char concat concat_ws format glob hex instr length like lower ltrim max min nullif octet_length printf quote random replace round
  rtrim sign soundex substr substring trim typeof unhex unicode upper regexp regexpi coalesce ifnull iif likely unlikely likelihood
  ceil ceiling floor pi sqrt square power exp log log10 ln sin cos tan asin acos atan atan2 sinh cosh tanh degrees radians
  date time datetime julianday unixepoch strftime timediff current_date current_time current_timestamp
  -> ->> json json_array json_array_length json_error_position json_extract json_insert json_object json_patch json_quote json_remove
  json_replace json_set json_type json_valid json_group_array json_group_object
  avg count group_concat string_agg sum total stdev variance
  row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
`)

/** Tables that stand in FROM as a call. */
export const TABLES_OF_CALLS = words('json_each json_tree generate_series')
