import { runSharedSuite } from '../../api/shared-suite.js';
import { restDriver } from '../../support/rest-driver.js';

runSharedSuite('REST', restDriver);
