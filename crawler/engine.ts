/**
 * The versions of what decides. A policy or a verdict that was made by another version is made anew from the store: raise
 * the number with every change by which one could come out differently.
 */

const INFERENCE = 16;
const JUDGEMENT = 10;

/** Of policies that are inferred, and the verdicts under them. */
export const CLASS_ENGINE = `inference ${INFERENCE}, judgement ${JUDGEMENT}`;
/** Of what models were seen to do, and the verdicts under that. */
export const OBSERVED_ENGINE = `observation 1, judgement ${JUDGEMENT}`;
/** Of torch's weights-only releases, whose tables are extracted, and the verdicts under them. */
export const WEIGHTS_ONLY_ENGINE = `extraction 1, judgement ${JUDGEMENT}`;
/** Of policies that are given as files, and the verdicts under them. */
export const GIVEN_ENGINE = `given, judgement ${JUDGEMENT}`;
