import { runSharedSuite } from '../../api/shared-suite.js';
import { wsDriver } from '../../support/ws-driver.js';

runSharedSuite('WebSocket', wsDriver);
