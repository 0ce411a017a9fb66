using System.Security.Cryptography;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>
/// One generation of the key that turns a subject key into what the store has in its place: one block of AES-256, so that each subject has
/// one row, no two share one, and the holder of the key can go back. Thread safe.
/// </summary>
internal sealed class RowKey : IDisposable
{
    private readonly ThreadLocal<Permutation> _permutation;

    /// <param name="number">From 1.</param>
    /// <param name="key"><see cref="NumberedKeyFiles.KeyBytes"/> bytes.</param>
    public RowKey(uint number, ReadOnlySpan<byte> key)
    {
        Number = number;
        var rowKey = NumberedKeyFiles.Derive(key, "dataexchange.rows.v1 permute");
        Fingerprint = NumberedKeyFiles.Derive(key, "dataexchange.rows.v1 fingerprint")[..16];
        _permutation = new(() => new Permutation(rowKey), trackAllValues: true);
    }

    public uint Number { get; }

    /// <summary>Tells this key from any other, and gives nothing of it away.</summary>
    public byte[] Fingerprint { get; }

    public SubjectKey RowOf(SubjectKey subject) => _permutation.Value!.Forward(subject);

    public SubjectKey SubjectOf(SubjectKey row) => _permutation.Value!.Back(row);

    public void Dispose()
    {
        foreach (var permutation in _permutation.Values)
            permutation.Dispose();
        _permutation.Dispose();
    }

    /// <summary>One thread's: a cipher made for each block would cost more than the block.</summary>
    private sealed class Permutation : IDisposable
    {
        private readonly Aes _aes = Aes.Create();
        private readonly ICryptoTransform _forward;
        private readonly ICryptoTransform _back;
        private readonly byte[] _block = new byte[SubjectKey.Size];
        private readonly byte[] _result = new byte[SubjectKey.Size];
        private (SubjectKey Subject, SubjectKey Row) _last;

        public Permutation(byte[] key)
        {
            _aes.Key = key;
            // A permutation of single blocks that never repeat, not a cipher of messages.
            _aes.Mode = CipherMode.ECB;
            _aes.Padding = PaddingMode.None;
            _forward = _aes.CreateEncryptor();
            _back = _aes.CreateDecryptor();
        }

        /// <summary>A read asks twice: for the row, and for the checksum of what lies there.</summary>
        public SubjectKey Forward(SubjectKey key)
        {
            if (_last.Subject != key || key == default)
                _last = (key, Apply(_forward, key));
            return _last.Row;
        }

        public SubjectKey Back(SubjectKey key) => Apply(_back, key);

        public void Dispose()
        {
            _forward.Dispose();
            _back.Dispose();
            _aes.Dispose();
        }

        private SubjectKey Apply(ICryptoTransform transform, SubjectKey key)
        {
            key.Write(_block);
            transform.TransformBlock(_block, 0, SubjectKey.Size, _result, 0);
            return SubjectKey.Read(_result);
        }
    }
}
