// Lets a thread load TypeScript, which it does not take over from the process that it is a part of.
import { register } from 'tsx/esm/api';

register();
