// Everything that can be chosen about a picture, with the model's own choice until one is made.
import type { Model, Samplers, Server } from "@dreamgrain/server/contract";
import { ArrowLeftRight, Dices, FileInput, Lock, LockOpen, RotateCcw, SlidersHorizontal } from "lucide-react";
import { useEffect, useId, useRef } from "react";
import { useModels, useQuote, useSamplers, useServer } from "../api/queries.ts";
import { Choice } from "../shell/Choice.tsx";
import { narrow, useMedia } from "../shell/media.ts";
import { restore } from "../shell/restore.ts";
import {
  drawnSeed,
  type Form,
  HIRES,
  type Quality,
  requestOf,
  sideNear,
  takesPasses,
  usualOf,
  withModel,
  withQuality,
  withSides,
} from "./form.ts";
import { Slider } from "./Slider.tsx";
import { Start } from "./Start.tsx";
import { edit, useCreate } from "./store.ts";

/** The settings; folded away on a phone until they are wanted. */
export function Panel() {
  const form = useCreate((state) => state.form);
  const models = useModels();
  const samplers = useSamplers();
  const { data: server } = useServer();
  const file = useRef<HTMLInputElement>(null);
  const folded = useMedia(narrow);
  const model = models.find(({ id }) => id === form.model) ?? models[0];
  const quote = useQuote(requestOf(form), models.length > 0);
  const quality = form.quality ?? quote.data?.settings.quality;
  const stray = form.quality !== undefined && model?.fewSteps === null;
  useEffect(() => {
    if (stray) edit({ quality: undefined }); // kept from a model that had a choice
  }, [stray]);
  if (!model || !server) return <div className="panel" aria-busy="true" />;
  return (
    <details className="panel" open={!folded}>
      <summary>
        <SlidersHorizontal aria-hidden="true" /> Settings
      </summary>
      <div className="fields">
        {models.length > 1 && (
          <Choice
            label="Model"
            value={model.id}
            options={models.map(({ id, name }) => [id, name])}
            onChange={(id) => useCreate.setState({ form: withModel(form, id) })}
          />
        )}
        {model.fewSteps && <QualitySwitch form={form} model={model} quality={quality} />}
        <Numbers form={form} usual={usualOf(model, quality)} server={server} samplers={samplers} />
        <Seed form={form} />
        <Size form={form} model={model} server={server} />
        <Slider
          label="Pictures"
          value={form.count}
          least={1}
          most={server.limits.count}
          onChange={(count) => edit({ count })}
          onReset={() => edit({ count: 1 })}
        />
        <Start form={form} />
        <div className="panel-foot">
          <button type="button" className="plain small" onClick={() => file.current?.click()}>
            <FileInput aria-hidden="true" /> Restore from a picture …
          </button>
          <button
            type="button"
            className="plain small"
            onClick={() => useCreate.setState({ form: withModel(form, model.id) })}
          >
            <RotateCcw aria-hidden="true" /> Defaults
          </button>
          <input
            ref={file}
            type="file"
            accept="image/png"
            hidden
            onChange={(event) => {
              const [chosen] = event.target.files ?? [];
              event.target.value = "";
              if (chosen) void restore(chosen);
            }}
          />
        </div>
      </div>
    </details>
  );
}

/** Fast or best: what was chosen, or else what the rest of the form comes to. */
function QualitySwitch({
  form,
  model,
  quality,
}: {
  readonly form: Form;
  readonly model: Model;
  readonly quality: Quality | undefined;
}) {
  const { steps } = usualOf(model, quality);
  const one = (name: Quality, title: string) => (
    <button
      type="button"
      aria-pressed={quality === name}
      onClick={() => useCreate.setState({ form: withQuality(form, name) })}
    >
      {title}
    </button>
  );
  return (
    <fieldset className="quality">
      <legend>Quality</legend>
      <span className="switch">
        {one("fast", "Fast")}
        {one("best", "Best")}
      </span>
      <p className="hint">
        {quality === "fast"
          ? `In the ${steps} steps that the model was taught.`
          : `As the model was trained: ${steps} guided steps.`}
      </p>
    </fieldset>
  );
}

/** Steps, guidance, sampler, schedule; `usual` is what they are unless chosen. */
function Numbers({
  form,
  usual,
  server,
  samplers,
}: {
  readonly form: Form;
  readonly usual: Model["defaults"];
  readonly server: Server;
  readonly samplers: Samplers;
}) {
  const sampler = samplers.samplers.find(({ name }) => name === (form.sampler ?? usual.sampler));
  return (
    <>
      <Slider
        label="Steps"
        value={form.steps ?? usual.steps}
        least={1}
        most={Math.min(60, server.limits.steps)}
        far={server.limits.steps}
        hint="More are clearer, fewer are cheaper."
        onChange={(steps) => edit({ steps })}
        onReset={() => edit({ steps: undefined })}
      />
      <Slider
        label="Guidance"
        value={form.guidance ?? usual.guidance}
        least={0}
        most={20}
        step={0.5}
        far={100}
        hint="How hard the picture follows the words; 1 as they come."
        onChange={(guidance) => edit({ guidance })}
        onReset={() => edit({ guidance: undefined })}
      />
      <div className="pair">
        <Choice
          label="Sampler"
          value={form.sampler ?? usual.sampler}
          options={samplers.samplers.map(({ name, title, calls }) => [
            name,
            calls > 1 ? `${title} (×${calls} time)` : title,
          ])}
          onChange={(name) => edit({ sampler: name === usual.sampler ? undefined : name })}
        />
        <Choice
          label="Schedule"
          value={form.schedule ?? usual.schedule}
          options={samplers.schedules.map(({ name, title }) => [name, title])}
          onChange={(name) => edit({ schedule: name === usual.schedule ? undefined : name })}
        />
      </div>
      {sampler?.random && (
        <p className="hint">
          {sampler.title} adds fresh noise at each step, so pictures keep changing with more steps.
        </p>
      )}
    </>
  );
}

function Seed({ form }: { readonly form: Form }) {
  const id = useId();
  const Icon = form.locked ? Lock : LockOpen;
  return (
    <div className="seed">
      <label htmlFor={id}>Seed</label>
      <div className="with-buttons">
        <input
          id={id}
          className="number"
          inputMode="numeric"
          value={form.seed}
          aria-invalid={!/^[+-]?\d{1,40}$/.test(form.seed.trim())}
          onChange={(event) => edit({ seed: event.target.value, locked: true })}
        />
        <button type="button" className="icon" aria-label="Another seed" onClick={() => edit({ seed: drawnSeed() })}>
          <Dices aria-hidden="true" />
        </button>
        <button
          type="button"
          className="icon"
          aria-label="Keep the seed"
          aria-pressed={form.locked}
          onClick={() => edit({ locked: !form.locked })}
        >
          <Icon aria-hidden="true" />
        </button>
      </div>
      <p className="hint">
        {form.locked ? "Kept: the same words give the same picture." : "Another one for each drawing."}
      </p>
    </div>
  );
}

function Size({ form, model, server }: { readonly form: Form; readonly model: Model; readonly server: Server }) {
  const { defaults } = model;
  const [width, height] = [form.width ?? defaults.width, form.height ?? defaults.height];
  const side = (name: "width" | "height", value: number) => (
    <SideField
      label={name === "width" ? "Width" : "Height"}
      value={value}
      step={model.sizeStep}
      onChange={(chosen) => {
        const sides = { width, height, [name]: sideNear(chosen, model, server.limits.side) };
        useCreate.setState({ form: withSides(form, model, sides.width, sides.height) });
      }}
    />
  );
  const usual = width === defaults.width && height === defaults.height;
  const passes = takesPasses(model, width, height) && !form.image;
  return (
    <fieldset className="size">
      <legend>Size</legend>
      {side("width", width)}
      <button
        type="button"
        className="icon"
        aria-label="Swap width and height"
        onClick={() => edit({ width: height, height: width })}
      >
        <ArrowLeftRight aria-hidden="true" />
      </button>
      {side("height", height)}
      {passes && (
        <label className="check">
          <input
            type="checkbox"
            checked={form.hires !== undefined}
            onChange={(event) => edit({ hires: event.target.checked ? HIRES : undefined })}
          />
          Draw it in two passes
        </label>
      )}
      <p className="hint">
        {usual
          ? `${defaults.width}×${defaults.height} is what the model has seen; sides are multiples of ${model.sizeStep}.`
          : passes && form.hires !== undefined
            ? "The first pass is as large as the model has seen; the second finds the detail."
            : `The model has seen ${defaults.width}×${defaults.height}; other sizes come out less sure.`}
      </p>
    </fieldset>
  );
}

function SideField({
  label,
  value,
  step,
  onChange,
}: {
  readonly label: string;
  readonly value: number;
  readonly step: number;
  readonly onChange: (value: number) => void;
}) {
  return (
    <input
      key={value}
      type="number"
      className="number"
      aria-label={label}
      step={step}
      min={step}
      defaultValue={value}
      onBlur={(event) => event.target.value !== String(value) && onChange(Number(event.target.value) || value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") onChange(Number(event.currentTarget.value) || value);
      }}
    />
  );
}
