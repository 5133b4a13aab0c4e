// [[name, mjml], ...] on standard input; {name: html} by the reference compiler on standard output.
import fs from 'node:fs';
import mjml2html from 'mjml';

const told = {};
for (const [name, source] of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  const { html, errors } = mjml2html(source, { fonts: {}, keepComments: false, validationLevel: 'soft' });
  told[name] = { html, errors: errors.map((each) => each.formattedMessage) };
}
process.stdout.write(JSON.stringify(told));
