import type { JSX } from 'preact';
import { type Config, type FieldName, fields, isConvolutional } from '../config/config.ts';
import type { Choice, Scale, Whole } from '../config/field.ts';
import { parse } from '../config/field.ts';
import { useSnapshot, useTrainer } from './use-trainer.ts';

interface ControlProps<F> {
  readonly name: FieldName;
  readonly field: F;
  readonly value: string | number;
  readonly onValue: (value: string | number) => void;
}

/** A choice with all its options in sight. */
function Chips({ name, field, value, onValue }: ControlProps<Choice<string>>): JSX.Element {
  return (
    <fieldset class="chips">
      <legend>{field.label}</legend>
      {Object.entries(field.options).map(([key, label]) => (
        <label key={key}>
          <input type="radio" name={name} value={key} checked={key === value} onChange={() => onValue(key)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Select({ name, field, value, onValue }: ControlProps<Choice<string>>): JSX.Element {
  return (
    <p class="row">
      <label for={name}>{field.label}</label>
      <select id={name} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        {Object.entries(field.options).map(([key, label]) => (
          <option key={key} value={key}>
            {label}
          </option>
        ))}
      </select>
    </p>
  );
}

function Slider({ name, field, value, onValue }: ControlProps<Scale>): JSX.Element {
  return (
    <p class="row">
      <label for={name}>{field.label}</label>
      <span class="slider">
        <input
          id={name}
          type="range"
          min="0"
          max={field.values.length - 1}
          step="1"
          value={field.values.indexOf(value as number)}
          aria-valuetext={String(value)}
          onInput={(event) => onValue(field.values[event.currentTarget.valueAsNumber]!)}
        />
        {/* The slider says its value itself. */}
        <span id={`${name}-value`} class="value" aria-hidden="true">
          {value}
        </span>
      </span>
    </p>
  );
}

function Typed({ name, field, value, onValue }: ControlProps<Whole>): JSX.Element {
  return (
    <p class="row">
      <label for={name}>{field.label}</label>
      <input
        id={name}
        type="number"
        min={field.from}
        max={field.to}
        step="1"
        value={value}
        onChange={(event) => {
          const parsed = parse(field, event.currentTarget.value);
          // What cannot be is put back.
          if (parsed === null) event.currentTarget.value = String(value);
          else onValue(parsed);
        }}
      />
    </p>
  );
}

const chips: readonly FieldName[] = ['data', 'kind', 'norm', 'pace', 'device'];

function Control({ name }: { readonly name: FieldName }): JSX.Element {
  const trainer = useTrainer();
  const value = useSnapshot((s) => s.config[name]);
  const field: Choice<string> | Scale | Whole = fields[name];
  const onValue = (v: string | number): void => trainer.set(name, v as Config[FieldName]);
  if (field.kind === 'scale') return <Slider {...{ name, field, value, onValue }} />;
  if (field.kind === 'whole') return <Typed {...{ name, field, value, onValue }} />;
  if (chips.includes(name)) return <Chips {...{ name, field, value, onValue }} />;
  return <Select {...{ name, field, value, onValue }} />;
}

function Group({ title, names }: { readonly title: string; readonly names: readonly FieldName[] }): JSX.Element {
  const id = `group-${title.toLowerCase()}`;
  return (
    <section class="panel group" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {names.map((name) => (
        <Control key={name} name={name} />
      ))}
    </section>
  );
}

export function Controls(): JSX.Element {
  const images = useSnapshot((s) => s.config.data === 'digits');
  const convolutional = useSnapshot((s) => isConvolutional(s.config));
  return (
    <>
      <Group title="Data" names={images ? ['data', 'seed'] : ['data', 'noise', 'seed']} />
      <Group title="Network" names={[...(images ? (['kind'] as const) : []), 'norm', 'layers', 'width', 'activation', 'init']} />
      {convolutional && <p class="hint">Width is the number of channels. Images are halved after the first two layers.</p>}
      <Group title="Training" names={['optimizer', 'lr', 'batch', 'epochs', 'pace', 'device']} />
    </>
  );
}
