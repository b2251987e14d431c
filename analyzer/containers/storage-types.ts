/** torch's storage classes and the bytes of one item, which say how much raw data a storage takes. */

const ITEM_SIZES: Readonly<Record<string, number>> = {
  BFloat16Storage: 2,
  BoolStorage: 1,
  ByteStorage: 1,
  CharStorage: 1,
  ComplexDoubleStorage: 16,
  ComplexFloatStorage: 8,
  DoubleStorage: 8,
  FloatStorage: 4,
  HalfStorage: 2,
  IntStorage: 4,
  LongStorage: 8,
  QInt32Storage: 4,
  QInt8Storage: 1,
  QUInt2x4Storage: 1,
  QUInt4x2Storage: 1,
  QUInt8Storage: 1,
  ShortStorage: 2,
  // Storages without a type are counted in bytes.
  UntypedStorage: 1,
};

/** Bytes of one item of a storage class such as `torch.FloatStorage` or `torch.cuda.HalfStorage`; null for other callables. */
export function storageItemSize(callable: string): number | null {
  return ITEM_SIZES[callable.slice(callable.lastIndexOf(".") + 1)] ?? null;
}
