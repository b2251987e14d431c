/** The switch between what models are judged under: links, so that each view has its address. */
import { type Judgement, type Lens, MODES, POLICY_SLOTS, ROLES, sameLens } from "../../db/queries/judgements.ts";
import type { FileRole } from "../../db/schema.ts";

interface LensSwitchProps {
  readonly lens: Lens;
  readonly judgements: readonly Judgement[];
  address(lens: Lens): string;
}

/** The lenses that a survey's judgements give, for the role that is shown, and the way to the other role. */
export function LensSwitch({ lens, judgements, address }: LensSwitchProps) {
  const roles = Object.keys(ROLES) as FileRole[];
  return (
    <nav className="switch" aria-label="Judged under">
      <span>Policy</span>
      <ul>
        {judgements.map((judgement) => {
          const target = { ...judgement, role: lens.role };
          return (
            <li key={`${judgement.slot} ${judgement.mode}`}>
              <a
                href={address(target)}
                aria-current={sameLens(target, lens) ? "true" : undefined}
                title={POLICY_SLOTS[judgement.slot].meaning}
              >
                {judgementLabel(judgement, judgements)}
              </a>
            </li>
          );
        })}
      </ul>
      <span>Files</span>
      <ul>
        {roles.map((role) => (
          <li key={role}>
            <a href={address({ ...lens, role })} aria-current={role === lens.role ? "true" : undefined} title={ROLES[role].meaning}>
              {ROLES[role].label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The name of a judgement among others: the mode is said only where the slot is judged in both. */
export function judgementLabel(judgement: Judgement, judgements: readonly Judgement[]): string {
  const { label } = POLICY_SLOTS[judgement.slot];
  const both = judgements.filter(({ slot }) => slot === judgement.slot).length > 1;
  return both ? `${label}, ${MODES[judgement.mode].label}` : label;
}
