ALTER TYPE "public"."store" ADD VALUE 'target';
