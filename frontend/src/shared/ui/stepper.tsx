import styles from "./stepper.module.css";

interface StepperProps {
  readonly label: string;
  readonly value: number;
  readonly min?: number;
  readonly max: number;
  readonly onChange: (value: number) => void;
}

export function Stepper({ label, value, min = 0, max, onChange }: StepperProps) {
  return (
    <fieldset className={styles.stepper}>
      <legend className="visually-hidden">{label}: number of tickets</legend>
      <Step name={`One fewer, ${label}`} sign="−" to={value - 1} allowed={value > min} onChange={onChange} />
      <output className={styles.value}>{value}</output>
      <Step name={`One more, ${label}`} sign="+" to={value + 1} allowed={value < max} onChange={onChange} />
    </fieldset>
  );
}

interface StepProps {
  readonly name: string;
  readonly sign: string;
  readonly to: number;
  readonly allowed: boolean;
  readonly onChange: (value: number) => void;
}

/** Stays focusable at its end, so that the keyboard does not lose its place there. */
function Step({ name, sign, to, allowed, onChange }: StepProps) {
  return (
    <button
      type="button"
      className={styles.step}
      aria-label={name}
      aria-disabled={!allowed || undefined}
      onClick={() => allowed && onChange(to)}
    >
      <span aria-hidden="true">{sign}</span>
    </button>
  );
}
