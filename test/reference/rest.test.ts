import { restReferenceClient } from './rest-client.js';
import { walkReference } from './walk.js';

walkReference('REST', restReferenceClient);
