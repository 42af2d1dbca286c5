import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openStore } from '../../src/store/embedded-store.js';
import { optionsFor, withFolder, withStore } from './support.js';

describe('deployments in the embedded store', () => {
  it('come back after a restart, each in its last state', async () => {
    await withFolder(async (dir) => {
      const first = await openStore(optionsFor(dir));
      first.putDeployment({ deploymentId: 'deploy_1', state: { status: 'initializing' } });
      first.putDeployment({ deploymentId: 'deploy_2', state: { status: 'in_progress' } });
      first.putDeployment({ deploymentId: 'deploy_1', state: { status: 'completed', ü: [1] } });
      await first.close();
      const second = await openStore(optionsFor(dir));
      try {
        assert.deepEqual(second.deployments(), [
          { deploymentId: 'deploy_1', state: { status: 'completed', ü: [1] } },
          { deploymentId: 'deploy_2', state: { status: 'in_progress' } },
        ]);
      } finally {
        await second.close();
      }
    });
  });

  it('are read right after they were put, and not after they were deleted', async () => {
    await withStore(async (store) => {
      store.putDeployment({ deploymentId: 'deploy_1', state: 1 });
      store.putDeployment({ deploymentId: 'deploy_2', state: 2 });
      assert.deepEqual(await store.deploymentsOf(['deploy_2', 'deploy_0', 'deploy_1']), [
        { deploymentId: 'deploy_2', state: 2 },
        { deploymentId: 'deploy_1', state: 1 },
      ]);
      store.deleteDeployment('deploy_2');
      assert.deepEqual(await store.deploymentsOf(['deploy_2']), []);
      assert.deepEqual(await store.deploymentsOf(['deploy_1']), [
        { deploymentId: 'deploy_1', state: 1 },
      ]);
    });
  });
});
