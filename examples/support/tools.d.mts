export declare const REPOSITORY: string;
export declare const PNPM: string;
export declare function npmEntry(): string;
export declare function isolatedEnv(home: string): NodeJS.ProcessEnv;
