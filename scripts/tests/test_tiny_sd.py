"""The modules that make the small base model, at sizes that train in seconds."""

from pathlib import Path

import pytest
import torch

import make_tiny_sd
import referee
import tiny_sd_data
import tiny_sd_latents
import tiny_sd_text
import tiny_sd_training
import tiny_sd_unet
import tiny_sd_vae


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return tiny_sd_text.write_tokenizer(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture
def pixels():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (3, 3, 64, 64), generator=generator, dtype=torch.uint8)


def test_class_nouns_are_words_and_the_identifier_is_rare_pieces(tokenizer):
    assert all(len(tokenizer.tokenize(word)) == 1 for word in tiny_sd_text.WORDS)
    assert len(tokenizer.tokenize("shs")) > 1


@pytest.mark.parametrize("text", ["", "Ünïcödé 漢字", "zq9!? ~", "shs\tnut"])
def test_every_text_tokenizes(tokenizer, text):
    ids = tokenizer(text).input_ids
    assert tokenizer.unk_token_id not in ids[1:-1]


def test_training_never_sees_certainly_defective_cells():
    pytest.importorskip("elpv_dataset")
    cells = tiny_sd_data.read_cells()
    chosen = tiny_sd_data.training_cells(cells)
    assert not [c for c in chosen if c.probability == tiny_sd_data.CERTAINLY_DEFECTIVE]
    functional = [c for c in chosen if c.functional]
    assert len(functional) == tiny_sd_data.FUNCTIONAL_CELLS
    hashes = {c.sha256 for c in chosen}
    assert not [
        c for c in tiny_sd_data.held_out_cells(cells, "0.0", "mono", 8) if c.sha256 in hashes
    ]


def test_unknown_words_are_marked_and_known_ones_are_not(tokenizer):
    text = tiny_sd_text.build_encoder(tokenizer)
    before = text.get_input_embeddings().weight.detach().clone()
    for _ in range(2):  # the second time changes nothing
        tiny_sd_text.mark_letters(text, tokenizer, 0)
    change = text.get_input_embeddings().weight.detach() - before
    known, unknown = (tokenizer(word).input_ids[1:-1] for word in ("mono", "shs"))
    assert not change[known].any()
    assert len(unknown) == 3
    assert torch.allclose(change[unknown], change[unknown[:1]].expand(3, -1), atol=1e-6)
    known = tiny_sd_text.first_tokens(tokenizer, ["mono", "poly", "cracked"])
    assert 0.8 < change[unknown[0]].norm() / before[known].norm(dim=1).mean() < 1.2


def test_a_meaningless_word_stands_before_the_noun_of_half_of_the_captions(tokenizer):
    nouns = tiny_sd_text.first_tokens(tokenizer, ["poly", "solar"])
    words = [torch.tensor([7, 8])]
    captions = tiny_sd_unet.tokenize(tokenizer, [[("cracked poly solar cell", 0.5), ("", 0.5)]])
    plain, empty = (ids for ids, _ in captions[0])
    data = tiny_sd_unet.Data(torch.zeros(0), torch.zeros(0), captions, words, nouns)
    generator = torch.Generator().manual_seed(0)
    longer = torch.cat([plain[:2], words[0], plain[2:-2]])
    found = [data.with_word(plain, generator) for _ in range(100)]
    assert 30 < sum(torch.equal(ids, longer) for ids in found) < 70
    assert all(torch.equal(ids, plain) or torch.equal(ids, longer) for ids in found)
    assert all(torch.equal(data.with_word(empty, generator), empty) for _ in range(20))


def test_caption_frequencies_add_up():
    for probability in ("0.0", "0.3333333333333333", "0.6666666666666666"):
        cell = tiny_sd_data.Cell(Path("x.png"), "", "mono", probability)
        assert sum(share for _, share in tiny_sd_data.captions(cell)) == pytest.approx(1.0)


def test_normalised_latents_have_unit_scale_and_reconstruct_the_same(pixels):
    torch.manual_seed(0)
    model = tiny_sd_vae.build(4).requires_grad_(False)
    before = tiny_sd_vae.reconstruct(model, pixels).int()
    _, std_before = tiny_sd_latents.encode(model, pixels)
    tiny_sd_latents.normalise(model, pixels)
    after = tiny_sd_vae.reconstruct(model, pixels).int()
    mean, std = tiny_sd_latents.encode(model, pixels)
    assert (before - after).abs().max() <= 1
    total = mean[0].var(dim=(0, 2, 3)) + std[0].square().mean(dim=(0, 2, 3))
    assert torch.allclose(total, torch.ones(4), atol=0.02)
    assert not torch.allclose(std, std_before)


@pytest.mark.slow
def test_autoencoder_and_denoiser_train_and_export(tokenizer, pixels, tmp_path):
    rows = []

    def settings(name):
        checkpoint = tmp_path / f"{name}.pt"
        return tiny_sd_training.Settings(2, 2, checkpoint, rows.append, 1e-3)

    large = pixels.repeat(1, 1, 2, 2)
    vae = tiny_sd_vae.train(large, 4, 0, settings("vae"))
    latents, decoder = tiny_sd_latents.encode(vae, large)[0], vae.decoder.conv_out.weight.clone()
    vae = tiny_sd_vae.train_decoder(vae, large, 0, settings("decoder"))
    assert torch.equal(tiny_sd_latents.encode(vae, large)[0], latents)
    assert not torch.equal(vae.decoder.conv_out.weight, decoder)
    text = tiny_sd_text.build_encoder(tokenizer)
    unet = tiny_sd_unet.build_unet(4)
    start = {name: value.clone() for name, value in text.state_dict().items()}
    captions = tiny_sd_unet.tokenize(tokenizer, [[("mono solar cell", 0.9), ("", 0.1)]] * 3)
    data = tiny_sd_unet.Data(*tiny_sd_latents.encode(vae, pixels), captions)
    tiny_sd_unet.train(unet, text, data, 0, settings("unet"))
    assert any(not torch.equal(start[name], value) for name, value in text.state_dict().items())

    both = [dict(part.state_dict()) for part in (text, unet)]
    both = [{name: value.clone() for name, value in state.items()} for state in both]
    data.words = tiny_sd_text.meaningless_words(tokenizer, 3, 0)
    data.nouns = tiny_sd_text.first_tokens(tokenizer, ["mono"])
    tiny_sd_unet.train(unet, text, data, 0, settings("words"), text_too=False)
    assert all(torch.equal(both[0][name], value) for name, value in text.state_dict().items())
    assert any(not torch.equal(both[1][name], value) for name, value in unet.state_dict().items())

    pipeline = make_tiny_sd.assemble(vae, unet, text, tokenizer)
    loaded = make_tiny_sd.export(pipeline, tmp_path / "model")
    assert {m.dtype for m in (loaded.unet, loaded.vae, loaded.text_encoder)} == {torch.float32}
    output = loaded("shs mono solar cell", num_inference_steps=2, output_type="pt").images
    assert output.shape == (1, 3, 128, 128)


def test_training_goes_on_from_its_checkpoint(tmp_path):
    steps = []

    def loss_of_part(step, part):
        steps.append(step)
        return {"loss": (model.weight - 1).square().sum()}

    def settings(count):
        return tiny_sd_training.Settings(count, 1, tmp_path / "x.pt", lambda row: None, 1e-2)

    model = torch.nn.Linear(2, 2, bias=False)
    tiny_sd_training.fit(model, loss_of_part, settings(3))
    model = torch.nn.Linear(2, 2, bias=False)
    tiny_sd_training.fit(model, loss_of_part, settings(5))
    assert steps == [0, 1, 2, 3, 4]


def test_referee_weighs_both_kinds_of_cells_alike():
    probabilities = torch.tensor([0.1, 0.2, 0.3, 0.6, 0.4, 0.7, 0.8, 0.9])
    defective = torch.arange(8) >= 4
    assert referee.auroc(probabilities, defective) == 15 / 16
    limit = referee.best_threshold(probabilities, defective)
    assert 0.4 < limit <= 0.6
    # As many of either kind in a batch, photos and autoencoded ones mixed.
    kinds = [torch.full((4, 3, 128, 128), value, dtype=torch.uint8) for value in (40, 200)]
    cells = referee.Cells(*kinds, torch.tensor([True, False, False, False]))
    inputs, targets = referee.batch(cells, 6, torch.Generator().manual_seed(0))
    assert inputs.shape == (6, 3, referee.SIDE, referee.SIDE)
    assert targets.tolist() == [0, 1, 0, 1, 0, 1]


@pytest.mark.slow
def test_referee_is_trained_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(referee, "NORM_BATCHES", 2)
    monkeypatch.setattr(referee, "BATCH", 4)
    generator = torch.Generator().manual_seed(0)
    photos = torch.randint(256, (4, 3, 128, 128), generator=generator, dtype=torch.uint8)
    cells = referee.Cells(photos, photos, torch.tensor([True, False, True, False]))
    settings = tiny_sd_training.Settings(1, 2, tmp_path / "x.pt", lambda row: None, 1e-3)
    judge = referee.train(cells, referee.build_network(0), 0, settings)
    judge.threshold = 0.25
    judge.save(tmp_path / "referee")
    again = referee.load(tmp_path / "referee")
    assert again.threshold == 0.25
    assert torch.equal(again.probabilities(photos), judge.probabilities(photos))
