// What Grafana's own library makes of panels and the answers to their questions: reads {panel, answers} each as JSON from
// standard input, an array of them, and writes what is shown. An answer is one of Prometheus' series, {refId, labels, name,
// values}; it is framed as Grafana's data source for Prometheus frames it.
const { JSDOM } = require('jsdom');
const { readFileSync } = require('node:fs');

const { window } = new JSDOM('<!doctype html>', { url: 'http://grafana.example' });
for (const name of ['document', 'navigator', 'localStorage', 'DOMParser', 'Element', 'HTMLElement', 'Node']) globalThis[name] = window[name];
globalThis.window = window;
const grafana = require('@grafana/data');

const theme = grafana.createTheme();
const asText = { type: grafana.FieldType.string, config: {} };
const kept = (id, process = grafana.identityOverrideProcessor) => ({ id, path: id, name: id, process, shouldApply: () => true });
const registry = new grafana.Registry(() => [
  kept('unit'), kept('min', grafana.numberOverrideProcessor), kept('max', grafana.numberOverrideProcessor),
  kept('decimals', grafana.numberOverrideProcessor), kept('color'), kept('noValue'),
  kept('displayName', grafana.displayNameOverrideProcessor), kept('thresholds', grafana.thresholdsOverrideProcessor),
  kept('mappings', grafana.valueMappingsOverrideProcessor), kept('links', grafana.dataLinksOverrideProcessor),
]);
grafana.standardTransformersRegistry.setInit(() =>
  [...new Set(Object.values(grafana.standardTransformers))].map((one) => ({ id: one.id, name: one.name, transformation: one, editor: () => null })));

const series = ({ refId, labels, name, values }) => grafana.toDataFrame({
  refId,
  fields: [
    { name: 'Time', type: grafana.FieldType.time, config: {}, values: values.map(([when]) => when * 1000) },
    { name: 'Value', type: grafana.FieldType.number, labels, config: { displayNameFromDS: name }, values: values.map(([, value]) => value) },
  ],
});

const table = (answers) => {
  const names = [...new Set(answers.flatMap(({ labels }) => Object.keys(labels)))].sort();
  const last = answers.map(({ values }) => values.at(-1));
  return answers.length === 0 ? [] : [grafana.toDataFrame({
    refId: 'A',
    fields: [
      { name: 'Time', type: grafana.FieldType.time, config: {}, values: last.map(([when]) => when * 1000) },
      ...names.map((name) => ({ ...asText, name, values: answers.map(({ labels }) => labels[name] ?? '') })),
      { name: 'Value', type: grafana.FieldType.number, config: {}, values: last.map(([, value]) => value) },
    ],
  })];
};

const transformed = (panel, frames) => new Promise((done, failed) =>
  grafana.transformDataFrame(panel.transformations ?? [], frames, { interpolate: (text) => text }).subscribe({ next: done, error: failed }));

const link = (field, valueRowIndex) => field.getLinks?.({ valueRowIndex }).map(({ title, href }) => ({ title, href })) ?? [];

async function shown({ panel, answers }) {
  const frames = panel.type === 'table' ? table(answers) : answers.map(series);
  const replaceVariables = (text, scoped) => text.replace(/\$\{__data\.fields\.(\w+)\}|\$\{__value\.raw\}/g, (_, name) => {
    const { frame, rowIndex, calculatedValue, field } = scoped.__dataContext.value;
    const wanted = name ? frame.fields.find((one) => grafana.getFieldDisplayName(one, frame) === name) : field;
    return encodeURI(wanted.values[rowIndex] ?? calculatedValue);
  });
  const data = grafana.applyFieldOverrides({
    data: await transformed(panel, frames), fieldConfig: panel.fieldConfig, fieldConfigRegistry: registry, replaceVariables, theme, timeZone: 'utc',
  });
  if (panel.type === 'table') {
    const [frame] = data;
    return (frame?.fields ?? []).map((field) => ({
      name: grafana.getFieldDisplayName(field, frame),
      cells: field.values.map((value) => grafana.formattedValueToString(field.display(value))),
      links: field.values.map((_, row) => link(field, row)),
    }));
  }
  if (panel.type === 'timeseries') {
    return data.flatMap((frame) => frame.fields.slice(1).map((field) => ({
      name: grafana.getFieldDisplayName(field, frame), unit: field.config.unit, colour: field.config.color?.fixedColor ?? null,
    })));
  }
  const { reduceOptions } = panel.options;
  return grafana.getFieldDisplayValues({ data, fieldConfig: panel.fieldConfig, reduceOptions, replaceVariables, theme, timeZone: 'utc' })
    .map(({ display, field }) => ({ name: display.title, text: grafana.formattedValueToString(display), colour: display.color && grafana.colorManipulator.asHexString(display.color), most: field.max ?? null }));
}

const colours = ['red', 'green', 'orange', 'blue', 'text'].map((name) => [name, grafana.colorManipulator.asHexString(theme.visualization.getColorByName(name))]);
Promise.all(JSON.parse(readFileSync(0, 'utf8')).map(shown))
  .then((panels) => console.log(JSON.stringify({ panels, colours: Object.fromEntries(colours) })));
