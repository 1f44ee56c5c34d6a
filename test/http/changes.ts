// An app's folder changed and taken over by its node, as hot reload does it.
import type { HttpApp } from './app.js';

export async function changedFolder(app: HttpApp, files: Readonly<Record<string, string>>): Promise<void> {
  app.write(files);
  await app.node.reload({ comment: 'a test', author: 'a test', via: 'reload' });
}
