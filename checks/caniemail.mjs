// [[name, html], ...] on standard input; {client: {feature: [mail, ...]} or "why it cannot say"} on standard output.
import fs from 'node:fs';
import { caniemail } from 'caniemail';

const clients = ['gmail.*', 'apple-mail.*', 'outlook.*', 'yahoo.*', 'samsung-email.*', 'thunderbird.*'];
const mails = JSON.parse(fs.readFileSync(0, 'utf8'));
const told = {};
for (const client of clients) {
  try {
    for (const [name, html] of mails) {
      for (const [which, issues] of caniemail({ clients: [client], html }).issues.errors) {
        for (const { title } of issues) {
          const seen = ((told[which] ??= {})[title] ??= []);
          if (!seen.includes(name)) seen.push(name);
        }
      }
    }
  } catch (error) {
    told[client] = String(error.message ?? error);
  }
}
process.stdout.write(JSON.stringify(told));
